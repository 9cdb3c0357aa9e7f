"""The page "Send us your CI": its example runs, and it names every field and word."""

import os
import re
import subprocess
from pathlib import Path
from typing import get_args

import msgspec
import pytest
import yaml

from models.ci_format import TYPES, Envelope, FinalStatus, OpenStatus
from pipelines.log.store import EventLog
from pipelines.paths import SITE
from pipelines.sources.ci.validate import validate
from tests.ci_events import COMMIT, ingest

PAGE = (SITE / "pages" / "send_us_your_ci.md").read_text(encoding="utf-8")
BUILDS = {"hello": 0, "broken": 100, "slow": 101, "odd": 1}


def program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_the_shell_example_has_ten_lines_and_its_output_is_valid(tmp_path: Path) -> None:
    found = re.search(r"```sh\n(#!/bin/sh\n.*?)```", PAGE, re.DOTALL)
    assert found
    script = found[1]
    assert len(script.splitlines()) == 10
    (tmp_path / "ci.sh").write_text(script)
    cases = " ".join(f"{name}) exit {code};;" for name, code in BUILDS.items())
    program(tmp_path / "nix-build", f'echo building; case "$2" in {cases} esac')
    program(tmp_path / "git", f"echo {COMMIT}")
    done = subprocess.run(
        ["/bin/sh", str(tmp_path / "ci.sh"), *BUILDS],
        env={"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        check=True,
    )
    results = tmp_path / "results.ndjson"
    results.write_bytes(done.stdout)
    report = validate(results)
    assert (report.format, report.runs, report.jobs, report.complaints) == ("generic events", 1, 4, [])
    statuses = [msgspec.json.decode(line)["data"]["status"] for line in done.stdout.splitlines()]
    assert statuses == ["succeeded", "failed", "timed-out", "unknown"]
    assert [one.rejected for one in ingest(tmp_path, results)] == [0]
    builds = EventLog(tmp_path / "log").scan("build_observed").sort("attr").collect()
    assert builds.select("attr", "status", "cause").rows() == [
        ("broken", "failed", "unknown"),
        ("hello", "succeeded", "unknown"),
        ("odd", "unknown", "unknown"),
        ("slow", "timed-out", "unknown"),
    ]


def test_the_step_for_github_actions_makes_what_it_uploads(tmp_path: Path) -> None:
    """Its checkouts as folders, its builds as programs of the same name: what is run is the text of the page."""
    found = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    script = re.search(r"```sh\n(#!/bin/sh\n.*?)```", PAGE, re.DOTALL)
    assert found
    assert script
    steps = yaml.safe_load(found[1])
    assert all(set(step) <= {"uses", "with", "name", "if", "run", "working-directory"} for step in steps)
    assert [step.get("uses", "run").partition("@")[0] for step in steps] == [
        "actions/checkout", "actions/checkout", "cachix/install-nix-action", "run", "actions/upload-artifact",
    ]  # fmt: skip
    own, nixpkgs, _, build, keep = steps
    workspace, programs = tmp_path / "workspace", tmp_path / "programs"
    for folder in (
        workspace / own.get("with", {}).get("path", "."),
        workspace / nixpkgs["with"]["path"],
        programs,
    ):
        folder.mkdir(parents=True, exist_ok=True)
    assert nixpkgs["with"]["repository"] == "NixOS/nixpkgs"
    (workspace / "ci.sh").write_text(script[1])
    where = workspace / build["working-directory"]
    program(programs / "nix-build", f'[ "$(pwd -P)" = "{where.resolve()}" ] && echo built && exit 100')
    program(programs / "git", f'[ "$(pwd -P)" = "{where.resolve()}" ] && echo {COMMIT}')
    # GitHub's own words for a step without `shell`.
    subprocess.run(
        ["bash", "-e", "-c", build["run"]],
        env={"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
        cwd=where,
        capture_output=True,
        check=True,
    )
    # A path of an artifact counts from the workspace.
    report = validate(workspace / keep["with"]["path"])
    assert (report.format, report.jobs, report.complaints) == ("generic events", 2, [])
    assert keep["if"] == "always()"


@pytest.mark.parametrize("cls", [Envelope, *TYPES.values()], ids=lambda cls: cls.__name__)
def test_the_page_names_every_field(cls: type[msgspec.Struct]) -> None:
    assert [field.name for field in msgspec.structs.fields(cls) if f"`{field.name}`" not in PAGE] == []


def test_the_page_names_every_type_and_status() -> None:
    words = [*(name.removeprefix("io.github.nixpkgs-health.") for name in TYPES)]
    words += [*get_args(FinalStatus), *get_args(OpenStatus)]
    assert [word for word in words if f"`{word}`" not in PAGE] == []
