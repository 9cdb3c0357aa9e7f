"""A real Nix for tests: stores below temporary folders, builds without network, nothing written elsewhere.

Nix isolates what it builds in a store below a folder; the programs that the builders use are shown to them. Paths
begin with /nix/store all the same.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SET = Path(__file__).parent / "data" / "nix-set" / "set.nix"
SETTINGS = """\
sandbox = true
sandbox-paths = /bin /usr /lib? /lib64?
substitute = false
build-users-group =
max-jobs = 2
cores = 1
experimental-features =
"""
NEEDED = ("/bin/sh", "/bin/mkdir", "/bin/grep", "/bin/date")
"""What the builders of the set use, where Debian and most others have it."""


def find_nix() -> str | None:
    """The program `nix-store`, on a Linux whose usual programs are in the usual places."""
    is_usual = sys.platform == "linux" and all(map(os.path.exists, NEEDED))
    return shutil.which("nix-store") if is_usual else None


@dataclass(frozen=True)
class Nix:
    """Where it keeps what, and how to ask it."""

    folder: Path
    environment: dict[str, str]
    """What a program has to find set, and so has whatever calls one."""

    def root(self, name: str) -> Path:
        """The folder above a store."""
        return self.folder / name

    def run(self, program: str, *arguments: str, root: str) -> bytes:
        """What a program writes; an error of the test if it fails."""
        command = [program, *arguments, "--store", str(self.root(root))]
        environment = {**os.environ, **self.environment}
        done = subprocess.run(command, capture_output=True, env=environment, check=False)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr.decode()}"
        return done.stdout

    def build(self, attrs: Iterable[str], root: str, change: str = "nothing") -> list[str]:
        """Build attributes of the set in a store, as it is after a change; their paths."""
        wanted = [part for attr in attrs for part in ("-A", attr)]
        arguments = ("--no-out-link", str(SET), "--argstr", "change", change, *wanted)
        return self.run("nix-build", *arguments, root=root).decode().split()


def prepared(folder: Path) -> Nix:
    """A Nix that keeps all below a folder."""
    home, settings = folder / "home", folder / "settings"
    home.mkdir()
    settings.mkdir()
    (settings / "nix.conf").write_text(SETTINGS)
    names = {"HOME": home, "XDG_CACHE_HOME": home, "NIX_CONF_DIR": settings}
    empty = {"NIX_USER_CONF_FILES": "", "NIX_REMOTE": "", "NIX_PATH": ""}
    return Nix(folder, {**{name: str(place) for name, place in names.items()}, **empty})
