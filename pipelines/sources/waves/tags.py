"""Tags of waves: `wave-X-Y`, `wave-X` and `nix-wave-X`, from a repository on this machine or from `git ls-remote`.

A repository is only read: no hook runs, nothing is fetched, no configuration but its own is looked at.
"""

import os
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from models.events import WaveTagged
from pipelines.errors import BadInput
from pipelines.sources.waves.declared import SOURCE

PATTERNS = ("refs/tags/wave-*", "refs/tags/nix-wave-*")
LONGEST = 10_000_000
"""Bytes of an answer of git, or of a file that holds one."""
SECONDS = 60
_TAG = re.compile(r"(?:nix-)?wave-([A-Za-z0-9][A-Za-z0-9._]{0,39}(?:-[0-9]{1,6})?)")
_LINE = re.compile(r"([0-9a-f]{40})[ \t]+refs/tags/(\S+?)(\^\{\})?")
_FORMAT = "%(objectname) %(*objectname) %(creatordate:unix) %(refname)"
_ALONE = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "LC_ALL": "C",
}


@dataclass(frozen=True)
class Tag:
    """A tag of a wave: the commit that it names, and its own date where that is told."""

    name: str
    wave: str
    revision: str
    dated_at: datetime | None


def of_repository(folder: Path) -> list[Tag]:
    """Tags of waves in a repository. Raises BadInput if git cannot read it."""
    command = ["git", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-C", str(folder)]
    command += ["for-each-ref", "--count=10000", f"--format={_FORMAT}", *PATTERNS]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
            env=environment | _ALONE,
        )
    except FileNotFoundError as error:
        raise BadInput(
            "There is no git on the PATH: install it, or give a file of `git ls-remote`."
        ) from error
    except subprocess.TimeoutExpired as error:
        raise BadInput(f"git did not answer about {folder} within {SECONDS} s: look at that disk.") from error
    if done.returncode:
        said = (done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1][:200]
        raise BadInput(f"git cannot read {folder} ({said}): name the folder of a repository.")
    found = []
    for line in done.stdout[:LONGEST].decode(errors="replace").splitlines():
        parts = line.split(" ")
        name = parts[-1].removeprefix("refs/tags/")
        if matched := _TAG.fullmatch(name):
            instant = datetime.fromtimestamp(int(parts[2]), UTC) if parts[2].isdigit() else None
            found.append(Tag(name, matched[1], parts[1] or parts[0], instant))
    return found


def of_listing(text: str) -> list[Tag]:
    """Tags of waves in the output of `git ls-remote --tags`; what an annotated tag points to wins over the tag."""
    commits: dict[str, tuple[bool, str]] = {}
    for line in text.splitlines():
        matched = _LINE.fullmatch(line.strip())
        if matched:
            commits[matched[2]] = max(commits.get(matched[2], (False, "")), (bool(matched[3]), matched[1]))
    if text.strip() and not commits:
        raise BadInput("The list of tags has no line of `git ls-remote --tags`: give its output as it is.")
    return [
        Tag(name, matched[1], commit, None)
        for name, (_, commit) in sorted(commits.items())
        if (matched := _TAG.fullmatch(name))
    ]


def events(tags: Iterable[Tag], now: datetime) -> list[WaveTagged]:
    """One event per tag and commit, whoever tells it."""
    return [
        WaveTagged(
            id=f"{SOURCE}:tagged:{tag.name}:{tag.revision}",
            source=SOURCE,
            observed_at=now,
            occurred_at=tag.dated_at,
            wave=tag.wave,
            tag=tag.name,
            revision=tag.revision,
        )
        for tag in tags
    ]
