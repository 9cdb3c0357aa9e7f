"""The script `run` in a copy of its own, with a tiny uv that notes what it was asked and installs nothing."""

import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from pipelines.paths import ROOT

FILES = ("run", "pyproject.toml", "requirements.lock", "requirements-test.lock", "requirements-ui.lock")
TOOLS = ("cat", "chmod", "cmp", "cut", "dirname", "grep", "ln", "mkdir", "mv", "readlink", "rm", "sh", "tail")
# `uv venv --python X DIR` makes a folder with what `run` calls; `uv pip install` only says what it got.
UV = """#!/bin/sh
echo "$*" >>"$UV_CALLS"
case $1 in
    venv)
        for folder; do :; done
        mkdir -p "$folder/bin"
        ln -s "$REAL_PYTHON" "$folder/bin/python"
        printf '#!/bin/sh\\necho "got:$*"\\nexit "${ANSWER:-0}"\\n' >"$folder/bin/nixpkgs-health"
        chmod +x "$folder/bin/nixpkgs-health"
        ;;
    pip) [ -z "${UV_FAILS:-}" ] || { echo "no such package"; exit 1; } ;;
esac
"""


@dataclass(frozen=True)
class Checkout:
    """A copy of the script, the tools it finds on its PATH, and what uv was called with."""

    root: Path
    tools: Path

    @property
    def calls(self) -> list[str]:
        path = self.tools / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def run(
        self, *arguments: str, cwd: Path | None = None, script: Path | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        base = {"PATH": str(self.tools), "UV_CALLS": str(self.tools / "calls"), "REAL_PYTHON": sys.executable}
        return subprocess.run(
            [str(script or self.root / "run"), *arguments],
            env=base | environment,
            cwd=cwd or self.root.parent,
            capture_output=True,
            text=True,
            timeout=60,
        )


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout in a folder with blanks and quotes in its name; on the PATH a few tools, Python and uv."""
    root = tmp_path / "a 'checkout'"
    root.mkdir()
    for name in FILES:
        shutil.copy2(ROOT / name, root / name)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        assert found, name
        (tools / name).symlink_to(found)
    (tools / "python3").symlink_to(sys.executable)
    program(tools / "sleep", f'#!/bin/sh\nexec "{shutil.which("sleep")}" 0.05\n')
    program(tools / "uv", UV)
    return Checkout(root, tools)


def program(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def test_help_needs_nothing_and_installs_nothing(checkout: Checkout) -> None:
    (checkout.tools / "python3").unlink()
    said = checkout.run("--help")
    assert said.returncode == 0
    assert "./run COMMAND" in said.stdout
    assert checkout.calls == []


def test_no_command_is_bad_input(checkout: Checkout) -> None:
    said = checkout.run()
    assert said.returncode == 3
    assert "Usage" in said.stderr


def test_the_first_call_sets_up_and_the_second_does_not(checkout: Checkout) -> None:
    first = checkout.run("query", "select 1", "--format", "csv")
    assert first.returncode == 0, first.stderr
    assert first.stdout == "got:query select 1 --format csv\n"
    assert "installing" in first.stderr
    made, locked, project = checkout.calls
    assert made.startswith("venv ")
    assert "--require-hashes -r" in locked
    assert locked.endswith("requirements.lock")
    assert project.endswith(f"--no-deps --no-build-isolation --editable {checkout.root}")
    second = checkout.run("query", "select 1", cwd=Path("/"))
    assert (second.stdout, second.stderr) == ("got:query select 1\n", "")
    assert len(checkout.calls) == 3


def test_exit_codes_pass_through(checkout: Checkout) -> None:
    assert [checkout.run("build", ANSWER=code).returncode for code in ("0", "2", "4", "77")] == [0, 2, 4, 77]


def test_a_changed_lock_is_installed_into_the_same_environment(checkout: Checkout) -> None:
    checkout.run("setup")
    with (checkout.root / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")
    said = checkout.run("setup")
    assert said.returncode == 0
    assert [call.split()[0] for call in checkout.calls] == ["venv", "pip", "pip", "pip", "pip"]


def test_a_group_brings_the_base_with_it(checkout: Checkout) -> None:
    assert checkout.run("test").returncode != 0  # the tiny uv installed no ruff and no pytest
    assert checkout.run("build").stdout == "got:build\n"
    assert ["requirements-test.lock" in call for call in checkout.calls] == [False, True, False]


@pytest.mark.parametrize(("failing", "code"), [("", 0), ("ruff", 1), ("pyright", 1), ("python", 1)])
def test_each_of_lint_types_and_tests_can_fail_the_whole(checkout: Checkout, failing: str, code: int) -> None:
    checkout.run("test")
    for name in ("ruff", "pyright", "python"):
        program(
            checkout.root / ".venv" / "bin" / name,
            f'#!/bin/sh\necho "{name}:$*"\nexit {int(name == failing)}\n',
        )
    said = checkout.run("test")
    assert said.returncode == code, said.stderr
    ruff, tests, types = said.stdout.splitlines()
    assert (ruff, types.partition(" ")[0]) == ("ruff:check .", "pyright:--pythonpath")
    assert tests.startswith("python:-m pytest --numprocesses auto")
    assert checkout.run("test", "tests/unit").stdout == "python:-m pytest tests/unit\n"


def test_a_failed_installation_says_why_and_is_tried_again(checkout: Checkout) -> None:
    failed = checkout.run("build", UV_FAILS="yes")
    assert failed.returncode == 1
    assert "no such package" in failed.stderr
    assert "the installation failed" in failed.stderr
    assert not (checkout.root / ".venv.lock").exists()
    assert checkout.run("build").stdout == "got:build\n"


def test_a_killed_setup_is_redone(checkout: Checkout) -> None:
    slow = UV.replace("pip)", "pip) sleep 30 # ")
    program(checkout.tools / "uv", slow)
    environment = {"PATH": str(checkout.tools), "UV_CALLS": str(checkout.tools / "calls")}
    process = subprocess.Popen(
        [str(checkout.root / "run"), "build"],
        env=environment | {"REAL_PYTHON": sys.executable},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    for _ in range(200):
        if len(checkout.calls) == 2:
            break
        time.sleep(0.05)
    os.killpg(process.pid, 9)
    process.wait()
    assert (checkout.root / ".venv.lock").exists()
    program(checkout.tools / "uv", UV)
    said = checkout.run("build")
    assert said.stdout == "got:build\n"
    assert not (checkout.root / ".venv.lock").exists()


def test_a_moved_checkout_gets_a_new_environment(checkout: Checkout) -> None:
    checkout.run("setup")
    moved = Checkout(checkout.root.with_name("moved"), checkout.tools)
    checkout.root.rename(moved.root)
    assert moved.run("build").stdout == "got:build\n"
    assert [call.split()[0] for call in moved.calls].count("venv") == 2


def test_a_link_to_the_script_finds_its_checkout(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "health").symlink_to(checkout.root / "run")
    assert checkout.run("build", script=tmp_path / "health").stdout == "got:build\n"


def test_no_python_at_all(checkout: Checkout) -> None:
    program(checkout.tools / "python3", "#!/bin/sh\necho 'python3: command not found' >&2\nexit 127\n")
    said = checkout.run("report")
    assert said.returncode == 1
    assert "needs Python 3.11 or newer and found no python3 that starts" in said.stderr
    assert "PYTHON=" in said.stderr


def test_python_too_old(checkout: Checkout) -> None:
    program(checkout.tools / "python3", '#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2"\n')
    said = checkout.run("report")
    assert said.returncode == 1
    assert "found Python 3.9.2" in said.stderr


def test_a_newer_python_under_another_name_is_found(checkout: Checkout) -> None:
    program(checkout.tools / "python3", "#!/bin/sh\nexit 1\n")
    program(checkout.tools / "python3.14", "#!/bin/sh\nexit 1\n")
    (checkout.tools / "python3.12").symlink_to(sys.executable)
    assert checkout.run("build").stdout == "got:build\n"


def test_without_uv_a_missing_venv_module_is_named(checkout: Checkout) -> None:
    (checkout.tools / "uv").unlink()
    # A Python that starts, says that it is this very script, and has no venv: Debian without python3-venv.
    python = checkout.tools / "python3"
    no_venv = 'case "$*" in "-m venv"*) echo "ensurepip is not available"; exit 1 ;;'
    itself = f'*sys.executable*) echo "{python}"; exit ;; esac'
    program(python, f'#!/bin/sh\n{no_venv}\n{itself}\nexec "{sys.executable}" "$@"\n')
    said = checkout.run("report")
    assert said.returncode == 1
    assert "ensurepip is not available" in said.stderr
    assert "apt install python3-venv" in said.stderr


def test_every_command_is_in_the_help_in_the_same_words() -> None:
    from pipelines.cli import main

    assert isinstance(main, click.Group)
    listed = subprocess.run([ROOT / "run", "--help"], capture_output=True, text=True, check=True).stdout
    lines = dict(re.findall(r"^  ([a-z-]+) {2,}(\S.*)$", listed, re.MULTILINE))
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        words = command.get_short_help_str(limit=200).rstrip(".")
        if isinstance(command, click.Group):
            words += ": " + ", ".join(command.commands)
        assert lines.get(name) == words, f"in `run`, the line of {name} should read: {words}"


@pytest.mark.parametrize("script", ["run", ".ci/run", "deploy/refresh"])
def test_shell_scripts_parse(script: str) -> None:
    shell = (ROOT / script).read_text().split("\n", 1)[0].split("/")[-1].split()[-1]
    subprocess.run([shell, "-n", ROOT / script], check=True)
