"""What surrounds a collection: answers of Nix's programs, roles of test inputs, what earlier runs hashed."""

import hashlib
import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from models.ci_nix import Input
from pipelines.errors import BadInput
from pipelines.nix import aterm, check_roles, expressions, hashing, programs, variables
from pipelines.nix.check_roles import Answers
from pipelines.nix.collect import Asked, collect
from pipelines.nix.collected import Said
from pipelines.nix.contents import Contents
from pipelines.nix.derivation import Derivation, Output
from pipelines.nix.expressions import Expression
from pipelines.nix.hashing import Earlier
from pipelines.nix.programs import Registered, Store
from pipelines.nix.roles import used

STORE = "/nix/store"


def path(letter: str, name: str) -> str:
    return f"{STORE}/{letter * 32}-{name}"


def program(folder: Path, name: str, script: str) -> None:
    """A program that answers as a Nix might."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def programs_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is first on the PATH."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


# Programs


def test_without_nix_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadInput, match=r"no `nix-store` on the PATH: install Nix .*apt install nix-bin"):
        programs.requisites(Store(), [path("a", "x.drv")])


def test_a_program_that_hangs_is_ended(programs_folder: Path) -> None:
    program(programs_folder, "nix-store", "exec sleep 60")
    with pytest.raises(BadInput, match="ended after 0 seconds"):
        programs.output("nix-store", ["--query"], seconds=0.2)


def test_a_program_that_floods_is_ended(programs_folder: Path) -> None:
    program(programs_folder, "nix-store", "exec yes")
    with pytest.raises(BadInput, match="wrote more than 1,000,000 bytes"):
        programs.output("nix-store", ["--query"], seconds=60, limit=1_000_000)


def test_what_a_program_started_ends_with_it(programs_folder: Path) -> None:
    program(programs_folder, "nix-store", "sleep 60 & wait")
    with pytest.raises(BadInput, match="ended after"):
        programs.output("nix-store", ["--query"], seconds=0.2)


def test_a_flood_of_warnings_is_read_and_let_go(programs_folder: Path) -> None:
    program(programs_folder, "nix-store", "yes warning: | head -c 30000000 >&2; echo error: late >&2; exit 1")
    with pytest.raises(BadInput, match=r"exit code 1: error: late$"):
        programs.output("nix-store", ["--query"], seconds=60)


def test_an_error_is_repeated_in_one_line_without_control_characters(programs_folder: Path) -> None:
    program(
        programs_folder, "nix-store", r"printf 'warning: old\nerror: no \033[31mstore\n  here\n' >&2; exit 7"
    )
    with pytest.raises(BadInput, match=r"exit code 7: error: no \?\[31mstore here$"):
        programs.output("nix-store", ["--query"], seconds=60)


def test_many_paths_are_asked_about_in_parts(programs_folder: Path) -> None:
    # The answer names the number of arguments that it got, as the last digits of a path.
    program(programs_folder, "nix-store", 'echo "$#" >> "$(dirname "$0")/calls"; echo /nix/store/all')
    programs.requisites(Store(), [path("a", f"{n}.drv") for n in range(2 * programs.TOGETHER + 1)])
    calls = (programs_folder / "calls").read_text().split()
    assert calls == [str(2 + n) for n in (programs.TOGETHER, programs.TOGETHER, 1)]


def test_what_is_no_store_path_is_never_an_argument(programs_folder: Path) -> None:
    program(programs_folder, "nix-store", 'touch "$(dirname "$0")/ran"')
    for wrong in ("--delete", "/etc/passwd", f"{STORE}/../../etc/passwd"):
        with pytest.raises(BadInput, match="is no path of a store"):
            programs.valid(Store(), [wrong])
        with pytest.raises(BadInput, match="is no path of a store"):
            Store(Path("/root")).file(wrong)
    assert not (programs_folder / "ran").exists()


def test_a_store_below_a_folder_has_its_files_there(tmp_path: Path) -> None:
    assert Store(tmp_path).file(path("a", "x")) == tmp_path / "nix" / "store" / f"{'a' * 32}-x"
    assert Store().file(path("a", "x")) == Path(path("a", "x"))


HEX = "18bd5d3a16bdb0313032b5364913e99248e02080f00722fd9228a8c283af3529"


def test_registrations_are_read_with_and_without_deriver_and_references() -> None:
    lines = [path("a", "x"), HEX, "536", path("c", "x.drv"), "2", path("b", "y"), path("a", "x")]
    lines += [path("b", "y"), HEX, "96", "", "0"]
    assert programs.read_registrations(lines) == {
        path("a", "x"): Registered(path("a", "x"), HEX, 536, (path("a", "x"), path("b", "y"))),
        path("b", "y"): Registered(path("b", "y"), HEX, 96, ()),
    }


@pytest.mark.parametrize(
    "lines",
    [
        [path("a", "x"), HEX, "536", "", "1"],
        [path("a", "x"), HEX, "536"],
        [path("a", "x"), HEX, "many", "", "0"],
        [path("a", "x"), "abc", "536", "", "0"],
        [path("a", "x"), HEX, "536", "", "1", "/etc/passwd"],
        ["/etc/passwd", HEX, "536", "", "0"],
        [path("a", "x"), HEX, "536", "", "-1"],
    ],
)
def test_registrations_in_another_form_are_refused(lines: list[str]) -> None:
    with pytest.raises(BadInput):
        programs.read_registrations(lines)


# Attributes


@pytest.mark.parametrize(
    ("attr", "names"),
    [
        ("a", ["a"]),
        ("a.b-c", ["a", "b-c"]),
        ('a."b.c".d', ["a", "b.c", "d"]),
        ("linuxPackages_6'", ["linuxPackages_6'"]),
    ],
)
def test_attributes_are_split_and_joined(attr: str, names: list[str]) -> None:
    assert expressions.split(attr) == names
    assert expressions.joined(names) == attr


@pytest.mark.parametrize("attr", ["", ".", "a.", ".a", "a..b", 'a."b', "a b", 'a"b"'])
def test_what_is_no_attribute_is_refused(attr: str) -> None:
    with pytest.raises(BadInput, match="is no attribute"):
        expressions.split(attr)


# Roles


def made(letter: str, name: str, env: dict[str, str] | None = None, *inputs: Derivation) -> Derivation:
    return Derivation(
        path=path(letter, f"{name}.drv"),
        outputs={"out": Output(f"{STORE}/0{letter * 31}-{name}")},
        input_drvs={one.path: ("out",) for one in inputs},
        input_srcs=(),
        system="x86_64-linux",
        builder="/bin/sh",
        args=(),
        env=env or {},
    )


TEST = made("a", "test-1")
OUT = TEST.outputs["out"].path


def verdict(user: Derivation, answers: Answers | None = None) -> bool | None:
    """Of the one input; its roles are the variables that name it, whatever was asked."""
    known = {one.path: one for one in (TEST, user)}
    [told] = check_roles.inputs(user, known, answers)
    [plain] = used(user, known)
    assert told.roles == (None if plain.roles is None else list(plain.roles))
    return told.is_check_only


def user(**env: str) -> Derivation:
    return made("b", "user-1", {"doCheck": "1", **env}, TEST)


LISTS = ("nativeCheckInputs", "nativeInstallCheckInputs", "checkInputs", "installCheckInputs")
NONE = dict.fromkeys(LISTS, ())
LISTED = Answers({"nativeCheckInputs": [TEST.path]})


def test_an_input_of_a_list_that_was_added_to_a_variable_is_there_for_tests() -> None:
    one = user(nativeBuildInputs=f"{OUT}")
    assert verdict(one) is None
    assert verdict(one, LISTED) is True


def test_an_input_that_is_in_the_variable_more_often_is_there_for_the_build_too() -> None:
    one = user(nativeBuildInputs=f"{OUT} {OUT}")
    assert verdict(one, Answers({**NONE, **LISTED.lists})) is False
    assert verdict(one, Answers({**LISTED.lists, "nativeInstallCheckInputs": [TEST.path]})) is True


def test_a_list_explains_its_own_variable_only() -> None:
    one = user(buildInputs=f"{OUT}")
    assert verdict(one, LISTED) is None
    assert verdict(one, Answers({**NONE, **LISTED.lists})) is False
    assert verdict(one, Answers({"checkInputs": [TEST.path]})) is True


def test_lists_that_are_not_on_the_package_leave_it_open() -> None:
    one = user(nativeBuildInputs=f"{OUT}")
    assert verdict(one, Answers({"nativeCheckInputs": ()})) is None
    assert verdict(one, Answers({"nativeCheckInputs": (), "nativeInstallCheckInputs": ()})) is False


def test_another_variable_that_names_it_keeps_it_from_being_there_for_tests_only() -> None:
    one = user(nativeBuildInputs=f"{OUT}", PYTHONPATH=f"{OUT}/lib")
    assert verdict(one) is False
    assert verdict(one, LISTED) is False


def test_a_variable_that_is_a_list_of_test_inputs_says_it_itself() -> None:
    assert verdict(user(nativeCheckInputs=f"{OUT}")) is True


def test_where_nothing_is_tested_no_input_is_there_for_tests() -> None:
    assert verdict(user(nativeBuildInputs=f"{OUT}", doCheck="")) is False
    assert verdict(user(nativeBuildInputs=f"{OUT}", doCheck="", doInstallCheck="1")) is None


def test_an_input_that_vanishes_without_tests_is_there_for_tests_only() -> None:
    one = user(nativeBuildInputs=f"{OUT}", checkFlags=f"--with={OUT}")
    assert verdict(one) is False
    assert verdict(one, Answers(untested=made("c", "user-1"))) is True
    one = user(nativeBuildInputs=f"{OUT}")
    assert verdict(one, Answers(untested=made("c", "user-1"))) is True
    assert verdict(one, Answers(untested=one)) is False


def test_structured_attributes_count_as_variables() -> None:
    told = f'{{"nativeBuildInputs": ["{OUT}"], "doCheck": true, "requiredSystemFeatures": ["kvm", 1]}}'
    one = made("b", "user-1", {"__json": told}, TEST)
    assert verdict(one) is None
    assert verdict(one, LISTED) is True
    assert variables.words(one, "requiredSystemFeatures") == ["kvm"]
    assert not variables.is_set(user(__json="{", doCheck=""), "doCheck")


def test_an_input_of_unknown_derivation_has_unknown_roles() -> None:
    one = user(nativeBuildInputs=f"{OUT}")
    [unknown] = check_roles.inputs(one, {one.path: one}, LISTED)
    assert unknown == Input(drv_path=TEST.path, outputs=["out"])


# Hashing


CONTENTS = Contents("sha256-x", 1, "a", "b", "c", "d")


def test_what_earlier_runs_hashed_survives_a_torn_line(tmp_path: Path) -> None:
    file = tmp_path / "known"
    earlier = Earlier(file)
    earlier.load()
    earlier.add("one", CONTENTS)
    earlier.add("two", replace(CONTENTS, content="e"))
    file.write_bytes(file.read_bytes() + b'{"key":"three","conte')
    again = Earlier(file)
    again.load()
    assert again.known == {"one": CONTENTS, "two": replace(CONTENTS, content="e")}
    again.add("four", CONTENTS)
    last = Earlier(file)
    last.load()
    assert list(last.known) == ["one", "two", "four"]


def test_only_the_newest_contents_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "KEPT", 2)
    earlier = Earlier(tmp_path / "known")
    for key in ("one", "two", "three"):
        earlier.add(key, CONTENTS)
    again = Earlier(tmp_path / "known")
    again.load()
    assert list(again.known) == ["two", "three"]
    assert (tmp_path / "known").read_bytes().count(b"\n") == 2


def stored(root: Path, name: str, content: bytes, *references: str) -> Registered:
    """A file in a store below a folder, and what Nix would say of it."""
    from pipelines.nix import nar

    place = Store(root).file(name)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    archive = b"".join(nar.archive(place))
    return Registered(name, hashlib.sha256(archive).hexdigest(), len(archive), references)


def run(
    root: Path, *registered: Registered, earlier: Earlier | None = None
) -> tuple[dict[str, Contents], hashing.Counts]:
    counts = hashing.Counts()
    known = earlier or Earlier(root / "known")
    all_of = {one.path: one for one in registered}
    found = dict(hashing.hashes(all_of, hashing.graph([]), Store(root), known, counts, lambda _: None))
    return found, counts


def test_contents_follow_references_over_any_number_of_steps(tmp_path: Path) -> None:
    a, b, c = path("a", "low-1"), path("b", "mid-1"), path("c", "top-1")
    both = []
    for root, low in ((tmp_path / "x", b"old"), (tmp_path / "y", b"new")):
        found, _ = run(
            root,
            stored(root, c, f"see {b}, {c}".encode(), b, c),
            stored(root, b, f"see {a}".encode(), a),
            stored(root, a, low),
        )
        assert list(found) == [a, b, c]
        both.append(found)
    for name in (b, c):
        assert both[0][name].names_keyed == both[1][name].names_keyed
        assert both[0][name].content != both[1][name].content


def test_a_remembered_path_is_hashed_again_when_what_it_refers_to_has_other_content(tmp_path: Path) -> None:
    a, b = path("a", "low-1"), path("b", "top-1")
    earlier = Earlier(tmp_path / "known")
    top = stored(tmp_path, b, f"see {a}".encode(), a)
    first, _ = run(tmp_path, stored(tmp_path, a, b"old"), top, earlier=earlier)
    again, counts = run(tmp_path, stored(tmp_path, a, b"new"), top, earlier=earlier)
    assert (counts.hashed, counts.remembered) == (2, 0)
    assert first[b].content != again[b].content
    assert run(tmp_path, stored(tmp_path, a, b"new"), top, earlier=earlier)[1].remembered == 2


def test_references_in_a_circle_are_told_and_end(tmp_path: Path) -> None:
    a, b = path("a", "one-1"), path("b", "other-1")
    found, counts = run(tmp_path, stored(tmp_path, a, b"", b), stored(tmp_path, b, b"", a))
    assert found == {}
    assert len(counts.failed) == 2


def test_a_path_that_vanished_is_told(tmp_path: Path) -> None:
    gone = stored(tmp_path, path("a", "gone-1"), b"")
    Store(tmp_path).file(gone.path).unlink()
    found, counts = run(tmp_path, gone)
    assert found == {}
    assert "No such file" in counts.failed[0]


def test_keys_are_package_and_output() -> None:
    library = replace(
        made("a", "open-ssl-3.0.1"),
        outputs={"out": Output(path("b", "open-ssl-3.0.1")), "dev": Output(path("c", "open-ssl-3.0.1-dev"))},
    )
    graph = hashing.graph([library])
    assert hashing.key(path("c", "open-ssl-3.0.1-dev"), graph) == "open-ssl!dev"
    assert hashing.key(path("d", "setup-hook-2.sh"), graph) == "setup-hook!source"


# A whole collection, with programs that answer as a Nix does


def written(root: Path, one: Derivation, content: bytes | None = None) -> None:
    """A derivation's file in a store below a folder."""
    file = Store(root).file(one.path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(aterm.write(one) if content is None else content)


def asked(folder: Path, attrs: tuple[str, ...]) -> Asked:
    return Asked(
        expression=Expression(folder / "default.nix"),
        attrs=attrs,
        said=Said("https://ci.example.org", "small", "a" * 40, "2025-10-01T02:00:00Z"),
        store=Store(folder),
        out=folder / "out.ndjson",
        known=folder / "known",
    )


def test_derivations_of_a_newer_form_are_told_and_hold_nothing_up(programs_folder: Path) -> None:
    folder = programs_folder
    dynamic, plain = made("c", "dynamic-1"), made("b", "plain-1", {}, TEST)
    written(folder, dynamic, b'DrvWithVersion("xp-dyn-drv",[],[],[],"x","y",[],[])')
    written(folder, TEST)
    written(folder, plain)
    told = ",".join(
        f'{{"path":["{attr}"],"package":{{"drvPath":"{one.path}","unknown":1}}}}'
        for attr, one in (("dynamic", dynamic), ("plain", plain))
    )
    program(folder, "nix-instantiate", f"echo '[{told}]'")
    closure = " ".join(one.path for one in (dynamic, TEST, plain))
    # Nothing of it is in the store.
    absent = 'for one in "$@"; do case "$one" in /nix/*) echo "$one";; esac; done'
    program(
        folder,
        "nix-store",
        f'case "$2" in --requisites) printf "%s\\n" {closure};; --print-invalid) {absent};; esac',
    )
    done = collect(asked(folder, ("dynamic", "plain")), lambda _: None)
    assert (done.attributes, done.derivations, done.absent) == (2, 2, 2)
    assert "dynamic inputs are not read" in done.refused[0]
    events = [json.loads(line) for line in (folder / "out.ndjson").read_bytes().splitlines()]
    assert [event["data"].get("attr") or event["data"].get("drv_path") for event in events] == [
        None, "plain", TEST.path, plain.path,
    ]  # fmt: skip
    assert events[0]["data"]["expected_attrs"] == 1


@pytest.mark.parametrize(
    "answer", ["[", "{}", '[{"path":["a"],"package":{"drvPath":"/etc/passwd"}}]', "[[[[["]
)
def test_an_answer_in_another_form_is_refused_and_leaves_the_file_as_it_was(
    programs_folder: Path, answer: str
) -> None:
    program(programs_folder, "nix-instantiate", f"echo '{answer}'")
    out = programs_folder / "out.ndjson"
    out.write_text("before\n")
    with pytest.raises(BadInput):
        collect(asked(programs_folder, ("a",)), lambda _: None)
    assert out.read_text() == "before\n"
    assert not list(programs_folder.glob("*.part"))
