"""`nix collect` with a real Nix: what it says of a set that is built twice, and after each of some changes."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from models import ci_format, ci_nix
from pipelines.cli import main
from pipelines.log.store import EventLog
from pipelines.nix import nar
from pipelines.nix.collected import TYPE_OF
from pipelines.paths import ROOT, SITE
from pipelines.sources.ci.validate import validate
from tests import histories
from tests.ci_events import ingest, put
from tests.nix_store import SET, Nix

ATTRS = (
    "app",
    "framework",
    "library",
    "onStamped",
    "plugin",
    "reader",
    "service",
    "stamped",
    "tester",
    "tool",
)
COMMIT = "0123456789abcdef0123456789abcdef01234567"
CHANGES = ("comment", "framework", "library")


@dataclass(frozen=True)
class Told:
    """The events of one file, by what they are about."""

    sentence: str
    lines: tuple[bytes, ...]

    def of(self, kind: type) -> list[dict]:
        events = [json.loads(line) for line in self.lines]
        return [event["data"] for event in events if event["type"] == TYPE_OF[kind]]

    def derivations(self) -> dict[str, dict]:
        """Name without version -> derivation."""
        return {
            re.sub(r"-[0-9.]+\.drv$", "", one["drv_path"][44:]): one
            for one in self.of(ci_nix.DerivationObserved)
        }

    def outputs(self) -> dict[tuple[str, str], dict]:
        """(Name without version, output) -> output."""
        names = {one["drv_path"]: name for name, one in self.derivations().items()}
        return {(names[one["drv_path"]], one["output"]): one for one in self.of(ci_nix.OutputObserved)}


def collect(nix: Nix, root: str, folder: Path, *more: str, attrs: tuple[str, ...] = ATTRS) -> Told:
    out = folder / "collected.ndjson"
    command = ["nix", "collect", "-f", str(SET), "--source", "https://ci.example.org", "--commit", COMMIT]
    command += ["--package-set", "small", "--store", str(nix.root(root)), "--out", str(out), *more]
    command += [part for attr in attrs for part in ("-A", attr)]
    done = CliRunner().invoke(main, command, env=nix.environment)
    assert done.exit_code == 0, done.output
    return Told(done.stdout.splitlines()[-1], tuple(out.read_bytes().splitlines()))


@dataclass(frozen=True)
class World:
    """The set as it is, built in a second store too, and after each change."""

    plain: Told
    again: Told
    after: dict[str, Told]
    folder: Path


@pytest.fixture(scope="module")
def world(nix: Nix, tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("collected")
    for root in ("one", "two"):
        nix.build(ATTRS, root)
    (folder / "two").mkdir()
    after = {}
    plain = collect(nix, "one", folder, "--check-inputs")
    for change in CHANGES:
        nix.build(ATTRS, "one", change)
        after[change] = collect(nix, "one", folder, "--check-inputs", "--argstr", "change", change)
    return World(plain, collect(nix, "two", folder / "two", "--check-inputs"), after, folder)


def same(one: Told, other: Told, strength: str) -> set[str]:
    """Packages of which every output has the same hash of a strength."""
    left, right = one.outputs(), other.outputs()
    assert left.keys() == right.keys()
    differing = {
        name
        for name, output in left
        if hashes(left, name, output)[strength] != hashes(right, name, output)[strength]
    }
    return {name for name, _ in left} - differing


def hashes(outputs: dict[tuple[str, str], dict], name: str, output: str) -> dict[str, str]:
    told = outputs[name, output]
    return {"nar": told["nar_hash"], "path": told["path"], **told["hashes"]}


EVERY = {
    "app",
    "check-framework",
    "greeting-library",
    "line-tool",
    "on-stamped",
    "plugin",
    "reader",
    "service",
    "stamped",
    "tester",
}
STRENGTHS = ("self_blanked", "hashes_blanked", "names_keyed", "content")


def test_every_event_keeps_the_format(world: World) -> None:
    decoders = {name: kind for kind, name in TYPE_OF.items()}
    for line in world.plain.lines:
        event = json.loads(line)
        msgspec.convert(event, ci_format.Envelope)
        msgspec.convert(event["data"], decoders[event["type"]])
    ids = [json.loads(line)["id"] for line in world.plain.lines]
    assert len(ids) == len(set(ids))


def test_the_inbox_takes_all_of_it_and_a_second_collection_adds_nothing(world: World, tmp_path: Path) -> None:
    told = put(tmp_path / "inbox", "collected.ndjson", [line + b"\n" for line in world.plain.lines])
    assert validate(told).complaints == []
    assert [one.rejected for one in ingest(tmp_path, told)] == [0]
    log = EventLog(tmp_path / "log")
    kinds = {
        "derivation_observed": ci_nix.DerivationObserved,
        "output_observed": ci_nix.OutputObserved,
        "package_set_evaluated": ci_nix.AttributeEvaluated,
    }
    for table, kind in kinds.items():
        assert log.scan(table).collect().height == len(world.plain.of(kind))
    before = log.version()
    again = put(tmp_path / "inbox", "again.ndjson", [later(line) for line in world.plain.lines])
    assert ingest(tmp_path, again) == []
    assert EventLog(tmp_path / "log").version() == before


def test_what_a_later_collection_asks_is_joined(nix: Nix, world: World, tmp_path: Path) -> None:
    unasked = collect(nix, "one", tmp_path, attrs=("app",))
    for name, told in (("unasked", unasked), ("asked", world.plain)):
        file = put(tmp_path / "inbox", f"{name}.ndjson", map(later, told.lines))
        assert [one.rejected for one in ingest(tmp_path, file)] == [0]
    seen = EventLog(tmp_path / "log").scan("derivation_observed").filter(name="app-7").sort("batch").collect()
    verdicts = [{one["role"]: one["is_check_only"] for one in row} for row in seen["inputs"]]
    assert [one["nativeBuildInputs"] for one in verdicts] == [None, True]
    with histories.build(EventLog(tmp_path / "log"), also=("core.derivation_inputs",)) as con:
        edges = con.execute(
            """
            select i.name, e.is_check_only from core.derivation_inputs as e
            join core.derivations as i on e.input_id = i.derivation_id
            join core.derivations as d on d.derivation_id = e.derivation_id
            where d.name = 'app-7' order by 1
            """
        ).fetchall()
    assert edges == [("check-framework-2.0", True), ("greeting-library-1.0.9", False), ("line-tool-3", False)]


def later(line: bytes) -> bytes:
    """The same event, as a later run says it."""
    event = json.loads(line)
    return json.dumps({**event, "time": "2090-01-01T00:00:00Z"}).encode() + b"\n"


def test_archives_are_those_of_nix(nix: Nix, world: World) -> None:
    asked = nix.run(
        "nix", "--extra-experimental-features", "nix-command", "path-info", "--all", "--json", root="one"
    )
    registered = {one["path"]: one for one in json.loads(asked)}
    outputs = world.plain.outputs()
    assert len(outputs) == len(ATTRS) + 1
    for told in outputs.values():
        known = registered[told["path"]]
        assert (told["nar_hash"], told["nar_bytes"]) == (known["narHash"], known["narSize"])
        assert told.get("references", []) == sorted(set(known["references"]) - {told["path"]})
        place = nix.root("one") / told["path"].removeprefix("/")
        assert b"".join(nar.archive(place)) == nix.run("nix-store", "--dump", str(place), root="one")


def test_closures_are_as_large_as_nix_says(nix: Nix, world: World) -> None:
    for told in world.plain.outputs().values():
        asked = nix.run(
            "nix",
            "--extra-experimental-features",
            "nix-command",
            "path-info",
            "-S",
            "--json",
            told["path"],
            root="one",
        )
        assert told["closure_bytes"] == json.loads(asked)[0]["closureSize"]


def test_a_second_build_in_a_fresh_store_has_the_same_hashes(world: World) -> None:
    for strength in ("nar", *STRENGTHS[:-1]):
        assert same(world.plain, world.again, strength) == EVERY - {"stamped"}
    assert same(world.plain, world.again, "content") == EVERY - {"stamped", "on-stamped"}
    assert world.plain.derivations() == world.again.derivations()


@pytest.mark.parametrize("change", CHANGES)
def test_each_strength_finds_what_the_weaker_one_found(world: World, change: str) -> None:
    after = world.after[change]
    found = [same(world.plain, after, strength) for strength in ("nar", *STRENGTHS[:-1])]
    assert all(weak <= strong for weak, strong in pairwise(found))
    assert same(world.plain, after, "content") <= found[-1]


def test_a_changed_comment_is_cut_off(world: World) -> None:
    after = world.after["comment"]
    rebuilt = EVERY - same(world.plain, after, "path")
    assert rebuilt == {"line-tool", "app", "plugin", "service", "stamped", "on-stamped"}
    assert rebuilt & same(world.plain, after, "content") == rebuilt - {"stamped", "on-stamped"}
    # The archive alone tells it only of what names no input.
    assert rebuilt & same(world.plain, after, "self_blanked") == {"line-tool", "service"}


def test_what_writes_the_time_changed(world: World) -> None:
    after = world.after["comment"]
    assert not {"stamped"} & same(world.plain, after, "names_keyed")
    # What only names it is rewritten.
    assert "on-stamped" in same(world.plain, after, "names_keyed")
    assert "on-stamped" not in same(world.plain, after, "content")


def test_an_update_of_a_check_only_input_leaves_its_users_as_they_were(world: World) -> None:
    after = world.after["framework"]
    rebuilt = EVERY - same(world.plain, after, "path")
    assert rebuilt == {"check-framework", "app", "plugin", "service", "tester"}
    assert rebuilt & same(world.plain, after, "content") == {"app", "plugin", "service"}
    assert rebuilt - same(world.plain, after, "names_keyed") == {"check-framework", "tester"}


def test_an_update_of_a_library_that_is_named_only_rewrites_its_users(world: World) -> None:
    after = world.after["library"]
    rebuilt = EVERY - same(world.plain, after, "path")
    assert rebuilt == {"greeting-library", "app", "plugin"}
    assert rebuilt & same(world.plain, after, "names_keyed") == {"app", "plugin"}
    assert rebuilt & same(world.plain, after, "content") == set()
    # The version is in the name, which is longer now.
    assert rebuilt & same(world.plain, after, "hashes_blanked") == {"plugin"}


def inputs(told: Told, name: str) -> dict[str, tuple[list[str], bool | None]]:
    """Input -> its roles, and whether it is there for tests only."""
    names = {one["drv_path"]: of for of, one in told.derivations().items()}
    return {
        names[one["drv_path"]]: (one["roles"], one.get("is_check_only"))
        for one in told.derivations()[name]["inputs"]
        if one["outputs"] == ["out"]
    }


def test_test_inputs_are_told_from_those_of_the_build(world: World) -> None:
    assert inputs(world.plain, "app") == {
        "check-framework": (["nativeBuildInputs"], True),
        "greeting-library": (["library"], False),
        "line-tool": (["nativeBuildInputs", "tool"], False),
    }
    # Its list is lost; without tests it does not use the framework.
    assert inputs(world.plain, "service") == {
        "check-framework": (["nativeBuildInputs"], True),
        "line-tool": (["nativeBuildInputs"], False),
    }
    assert inputs(world.plain, "tester") == {"check-framework": (["nativeBuildInputs"], False)}
    assert inputs(world.plain, "plugin") == {"app": (["propagatedBuildInputs"], False)}


def test_without_asking_it_stays_open_which_inputs_are_for_tests(
    nix: Nix, world: World, tmp_path: Path
) -> None:
    told = collect(nix, "one", tmp_path, attrs=("app", "service"))
    assert inputs(told, "app") == {
        "check-framework": (["nativeBuildInputs"], None),
        "greeting-library": (["library"], False),
        "line-tool": (["nativeBuildInputs", "tool"], False),
    }
    assert inputs(told, "service")["line-tool"] == (["nativeBuildInputs"], None)


def test_derivations_say_whether_they_test(world: World) -> None:
    told = world.plain.derivations()
    assert {name for name, one in told.items() if one.get("does_check")} == {"app", "service", "tester"}
    assert all(one["recipe_sha256"] for one in told.values())


def test_a_second_run_says_the_same_and_hashes_nothing(nix: Nix, world: World) -> None:
    told = collect(nix, "one", world.folder, "--check-inputs")
    assert [json.loads(line)["id"] for line in told.lines] == [
        json.loads(line)["id"] for line in world.plain.lines
    ]
    assert told.of(ci_nix.OutputObserved) == world.plain.of(ci_nix.OutputObserved)
    assert "0 paths of 0.0 MB read, 12 known from before" in told.sentence


def test_the_whole_file_without_attributes(nix: Nix, world: World, tmp_path: Path) -> None:
    told = collect(nix, "one", tmp_path, attrs=())
    assert told.of(ci_nix.PackageSetEvaluated) == [
        {"package_set": "small", "commit": COMMIT, "complete": True, "expected_attrs": len(ATTRS) + 2}
    ]
    attrs = {one["attr"] for one in told.of(ci_nix.AttributeEvaluated)}
    assert attrs == {*ATTRS, "notBuilt", 'nested."dotted.name"'}
    assert "2 attributes do not evaluate, 1 outputs are not in the store" in told.sentence


def test_a_file_that_holds_one_derivation(nix: Nix, world: World, tmp_path: Path) -> None:
    single = tmp_path / "single.nix"
    single.write_text(f"(import {SET} {{ }}).tool")
    out = tmp_path / "single.ndjson"
    command = ["nix", "collect", "-f", str(single), "--source", "https://ci.example.org", "--commit", COMMIT]
    command += ["--package-set", "single", "--store", str(nix.root("one")), "--out", str(out)]
    done = CliRunner().invoke(main, command, env=nix.environment)
    assert done.exit_code == 0, done.output
    told = Told(done.stdout, tuple(out.read_bytes().splitlines()))
    assert [one["attr"] for one in told.of(ci_nix.AttributeEvaluated)] == ["line-tool"]
    assert told.outputs() == {key: one for key, one in world.plain.outputs().items() if key[0] == "line-tool"}


def test_an_attribute_that_is_named_twice_counts_once(nix: Nix, world: World, tmp_path: Path) -> None:
    told = collect(nix, "one", tmp_path, attrs=("tool", "tool"))
    assert [one["expected_attrs"] for one in told.of(ci_nix.PackageSetEvaluated)] == [1]
    assert len(told.of(ci_nix.AttributeEvaluated)) == 1


def test_a_chosen_part_is_not_complete(world: World) -> None:
    [told] = world.plain.of(ci_nix.PackageSetEvaluated)
    assert (told["complete"], told["expected_attrs"]) == (False, len(ATTRS))


def test_an_attribute_that_does_not_evaluate_is_told_and_holds_nothing_up(
    nix: Nix, world: World, tmp_path: Path
) -> None:
    told = collect(nix, "one", tmp_path, attrs=("refused", "tool", 'nested."dotted.name"'))
    assert {one["attr"] for one in told.of(ci_nix.AttributeEvaluated)} == {"tool", 'nested."dotted.name"'}
    assert "1 attributes do not evaluate" in told.sentence


def test_a_flake(nix: Nix, world: World, tmp_path: Path) -> None:
    flake = tmp_path / "flake"
    flake.mkdir()
    (flake / "set.nix").write_bytes(SET.read_bytes())
    (flake / "flake.nix").write_text(
        "{ outputs = { self }: { legacyPackages.x86_64-linux = import ./set.nix { }; }; }"
    )
    out = tmp_path / "flake.ndjson"
    command = [
        "nix",
        "collect",
        "--flake",
        f"path:{flake}",
        "-A",
        "legacyPackages.x86_64-linux.app",
        "--check-inputs",
    ]
    command += [
        "-A",
        "legacyPackages.x86_64-linux.refused",
        "--source",
        "https://ci.example.org",
        "--commit",
        COMMIT,
    ]
    command += ["--package-set", "small", "--store", str(nix.root("one")), "--out", str(out)]
    done = CliRunner().invoke(main, command, env=nix.environment)
    assert done.exit_code == 0, done.output
    told = Told(done.stdout, tuple(out.read_bytes().splitlines()))
    assert told.derivations()["app"] == world.plain.derivations()["app"]
    assert "1 attributes, " in told.sentence
    assert "1 attributes do not evaluate" in told.sentence


def test_outputs_that_have_no_path_before_they_are_built_are_counted(nix: Nix, tmp_path: Path) -> None:
    floating = tmp_path / "floating.nix"
    floating.write_text(
        """{ system ? "x86_64-linux" }: rec {
          root = derivation { inherit system; name = "root-1"; builder = "/bin/sh"; args = [ "-c" "echo > $out" ];
            __contentAddressed = true; outputHashMode = "recursive"; outputHashAlgo = "sha256"; };
          user = derivation { inherit system root; name = "user-1"; builder = "/bin/sh"; };
        }"""
    )
    environment = {**nix.environment, "NIX_CONFIG": "experimental-features = ca-derivations"}
    out = tmp_path / "floating.ndjson"
    command = [
        "nix",
        "collect",
        "-f",
        str(floating),
        "--source",
        "https://ci.example.org",
        "--commit",
        COMMIT,
    ]
    command += ["--package-set", "small", "--store", str(nix.root("floating")), "--out", str(out)]
    done = CliRunner().invoke(main, command, env=environment)
    assert done.exit_code == 0, done.output
    assert "2 outputs have no path before they are built" in done.stdout
    told = Told(done.stdout, tuple(out.read_bytes().splitlines()))
    assert told.derivations()["root"]["outputs"] == {"out": None}
    assert inputs(told, "user") == {"root": (["root"], False)}


def test_the_script_on_the_page_has_ten_lines_and_works(nix: Nix, tmp_path: Path) -> None:
    page = (SITE / "pages" / "collect.md").read_text(encoding="utf-8")
    found = re.search(r"```sh\n(#!/bin/sh\n.*?)```", page, re.DOTALL)
    assert found
    assert len(found[1].splitlines()) == 10
    (tmp_path / "collect.sh").write_text(found[1])
    (tmp_path / "default.nix").write_bytes(SET.read_bytes())
    store = shlex.quote(str(nix.root("scripted")))
    command = f"{shlex.quote(sys.executable)} -m pipelines.cli"
    programs = {
        "git": f'case "$1" in rev-parse) echo {COMMIT} ;; log) echo 2025-10-01T02:00:00Z ;; esac',
        "nix-build": f'exec {shutil.which("nix-build")} "$@" --store {store}',
        "run": f'exec env PYTHONPATH={shlex.quote(str(ROOT))} {command} "$@" --store {store}',
    }
    for name, text in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    environment = {**os.environ, **nix.environment, "HEALTH": str(tmp_path)}
    environment["PATH"] = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["/bin/sh", "collect.sh", "app", "notBuilt"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "some did not build" in done.stderr
    lines = (tmp_path / f"collected-{COMMIT}.ndjson").read_bytes().splitlines()
    told = Told(done.stdout, tuple(lines))
    [of] = told.of(ci_nix.PackageSetEvaluated)
    assert (of["package_set"], of["commit_time"]) == ("nixpkgs", "2025-10-01T02:00:00Z")
    assert ("app", "out") in told.outputs()
    assert ("not-built", "out") not in told.outputs()
    assert (tmp_path / "collected.known").is_file()


@pytest.fixture
def damaged(nix: Nix, tmp_path: Path) -> str:
    """A store in which an output of the tool was written to after it was built."""
    root = tmp_path.name
    nix.build(("app", "reader"), root)
    [tool] = (nix.root(root) / "nix" / "store").glob("*-line-tool-3/bin/line-tool")
    tool.chmod(0o755)
    tool.write_text("other\n")
    return root


def test_a_damaged_output_and_what_names_it_have_no_hashes(nix: Nix, damaged: str, tmp_path: Path) -> None:
    told = collect(nix, damaged, tmp_path, attrs=("app", "reader"))
    assert {name for name, _ in told.outputs()} == {"check-framework", "greeting-library", "reader"}
    assert "2 paths could not be hashed" in told.sentence


def refusal(nix: Nix, tmp_path: Path, *more: str) -> str:
    command = ["nix", "collect", "--source", "https://ci.example.org", "--package-set", "small"]
    command += ["--store", str(nix.root("one")), "--out", str(tmp_path / "out.ndjson"), *more]
    done = CliRunner().invoke(main, command, env=nix.environment)
    assert done.exit_code == 3, done.output
    assert not (tmp_path / "out.ndjson").exists()
    return done.stderr


def test_what_cannot_be_done_is_said_in_a_sentence(nix: Nix, tmp_path: Path) -> None:
    file = ("-f", str(SET), "--commit", COMMIT)
    assert "no attribute absent" in refusal(nix, tmp_path, *file, "-A", "absent")
    assert "is no attribute such as" in refusal(nix, tmp_path, *file, "-A", "a..b")
    assert "Give either a file" in refusal(nix, tmp_path, "--commit", COMMIT)
    assert "cannot be said in the format" in refusal(
        nix, tmp_path, "-f", str(SET), "--commit", "main", "-A", "tool"
    )
    assert "have to be named" in refusal(nix, tmp_path, "--flake", "path:.", "--commit", COMMIT)
    assert "no name of an argument" in refusal(nix, tmp_path, *file, "--argstr", "a b", "c")
    wrong = tmp_path / "wrong.nix"
    wrong.write_text("{ a = 1 + ; }")
    said = refusal(nix, tmp_path, "-f", str(wrong), "--commit", COMMIT, "-A", "a")
    assert "ended with exit code 1: error: syntax error" in said.splitlines()[-1]
