"""What inputs are used for, and recipes that do not change with inputs."""

from dataclasses import replace
from pathlib import Path

from pipelines.nix import aterm, roles, store_paths
from pipelines.nix.derivation import Derivation, Output
from pipelines.nix.roles import Used

DRVS = Path(__file__).parent.parent / "data" / "nix-recorded" / "drv"
STORE = "/nix/store"


def _path(letter: str, name: str) -> str:
    return f"{STORE}/{letter * 32}-{name}"


def made(
    letter: str,
    name: str,
    inputs: dict[str, tuple[str, ...]] | None = None,
    env: dict[str, str] | None = None,
    outputs: dict[str, Output] | None = None,
    args: tuple[str, ...] = (),
) -> Derivation:
    """A derivation; the letter makes its hash, its own outputs have it too, with another first digit."""
    own = {"out": Output(f"{STORE}/0{letter * 31}-{name}")}
    return Derivation(
        path=_path(letter, f"{name}.drv"),
        outputs=outputs or own,
        input_drvs=inputs or {},
        input_srcs=(),
        system="x86_64-linux",
        builder="/bin/sh",
        args=args,
        env={"name": name, **(env or {})},
    )


def by_path(*derivations: Derivation) -> dict[str, Derivation]:
    return {one.path: one for one in derivations}


LIB = made(
    "a",
    "lib-1.2",
    outputs={"out": Output(_path("b", "lib-1.2")), "dev": Output(_path("c", "lib-1.2-dev"))},
)
TOOL = made("d", "tool-3")
OUT, DEV, TOOL_OUT = _path("b", "lib-1.2"), _path("c", "lib-1.2-dev"), f"{STORE}/0{'d' * 31}-tool-3"


def test_recorded_derivations_use_their_inputs_as_their_expression_says() -> None:
    known = {
        f"{STORE}/{file.name}": aterm.parse(file.read_bytes(), f"{STORE}/{file.name}")
        for file in DRVS.iterdir()
    }
    found = {one.name: roles.used(one, known) for one in known.values()}
    lib, tool = (next(path for path in known if name in path) for name in ("libfoo", "tool-0.9"))
    root = next(path for path in known if "ca-root" in path)
    assert found["app-3.0"] == (Used(tool, ("out",), ("tool",)),)
    assert found["tool-0.9"] == (Used(lib, ("dev",), ("foodev",)), Used(lib, ("out",), ("foo",)))
    # The path of a content-addressed input is unknown: a placeholder stands for it.
    assert found["ca-tool-1.0"] == (Used(root, ("out",), ("root",)),)
    assert all(roles.recipe(one, known) for one in known.values())


def test_every_variable_that_holds_the_path_is_a_role() -> None:
    user = made(
        "f",
        "user",
        {LIB.path: ("dev", "out"), TOOL.path: ("out",)},
        {
            "nativeBuildInputs": f"{TOOL_OUT} {DEV}",
            "nativeCheckInputs": TOOL_OUT,
            "script": f"cp {DEV}/include x",
        },
        args=(f"{TOOL_OUT}/bin/x",),
    )
    user = replace(user, builder=f"{TOOL_OUT}/bin/sh")
    assert roles.used(user, by_path(LIB, TOOL)) == (
        Used(LIB.path, ("dev",), ("nativeBuildInputs", "script")),
        Used(LIB.path, ("out",), ()),
        Used(TOOL.path, ("out",), ("args", "builder", "nativeBuildInputs", "nativeCheckInputs")),
    )


def test_outputs_in_the_same_roles_stand_together() -> None:
    user = made("f", "user", {LIB.path: ("dev", "out")}, {"buildInputs": f"{OUT} {DEV}"})
    assert roles.used(user, by_path(LIB)) == (Used(LIB.path, ("dev", "out"), ("buildInputs",)),)


def test_an_input_that_is_not_at_hand_has_no_known_roles() -> None:
    user = made("f", "user", {LIB.path: ("out",), TOOL.path: ("out",)}, {"checkInputs": TOOL_OUT})
    unknown, known = roles.used(user, by_path(TOOL))
    assert (unknown.roles, unknown.is_check_only) == (None, None)
    assert (known.roles, known.is_check_only) == (("checkInputs",), True)
    assert roles.recipe(user, by_path(TOOL)) is None


def test_only_inputs_that_are_there_for_tests_alone_are_check_only() -> None:
    assert Used("x", ("out",), ("nativeCheckInputs", "installCheckInputs")).is_check_only is True
    assert Used("x", ("out",), ("nativeCheckInputs", "buildInputs")).is_check_only is False
    assert Used("x", ("out",), ()).is_check_only is False


def test_structured_attributes_are_variables() -> None:
    text = f'{{"buildInputs":["{OUT}"],"env":{{"x":"{OUT}/lib"}},"name":"user"}}'
    user = made("f", "user", {LIB.path: ("out",)}, {"__json": text})
    assert roles.used(user, by_path(LIB)) == (Used(LIB.path, ("out",), ("buildInputs", "env")),)
    broken = made("f", "user", {LIB.path: ("out",)}, {"__json": text[:-1]})
    assert roles.used(broken, by_path(LIB))[0].roles == ("__json",)


def test_a_path_with_the_same_hash_and_another_name_is_another_path() -> None:
    other = OUT.replace("lib-1.2", "lob")
    user = made("f", "user", {LIB.path: ("out",)}, {"x": other, "y": f"/other/store/{'b' * 32}-lib-1.2"})
    assert roles.used(user, by_path(LIB))[0].roles == ()


def test_a_recipe_stays_when_an_input_becomes_another_version() -> None:
    newer = made("h", "lib-1.3", outputs={"out": Output(_path("i", "lib-1.3"))})
    old = made("f", "user-1", {LIB.path: ("out",)}, {"buildInputs": OUT, "x": f"-L{OUT}/lib"}, args=(OUT,))
    path = newer.outputs["out"].path
    assert path is not None
    new = made(
        "g", "user-1", {newer.path: ("out",)}, {"buildInputs": path, "x": f"-L{path}/lib"}, args=(path,)
    )
    known = by_path(LIB, newer)
    assert old != new
    assert roles.recipe(old, known) == roles.recipe(new, known)


def test_a_recipe_leaves_out_its_own_output_paths() -> None:
    def user(letter: str) -> Derivation:
        bare = made(letter, "user-1")
        return replace(bare, env={"out": str(bare.outputs["out"].path)})

    assert roles.recipe(user("f"), {}) == roles.recipe(user("g"), {})


def test_every_change_of_its_own_changes_the_recipe() -> None:
    base = made("f", "user-1", {LIB.path: ("out",)}, {"buildInputs": OUT})
    known = by_path(LIB, TOOL)
    others = [
        made("f", "user-2", {LIB.path: ("out",)}, {"buildInputs": OUT}),
        made("f", "user-1", {LIB.path: ("out",)}, {"propagatedBuildInputs": OUT}),
        made("f", "user-1", {LIB.path: ("out",)}, {"buildInputs": OUT, "comment": "x"}),
        made("f", "user-1", {LIB.path: ("out",)}, {"buildInputs": OUT}, args=("-e",)),
        made("f", "user-1", {LIB.path: ("out", "dev")}, {"buildInputs": OUT}),
        made("f", "user-1", {LIB.path: ("out",), TOOL.path: ("out",)}, {"buildInputs": OUT}),
        replace(base, system="aarch64-linux"),
        replace(base, builder="/bin/bash"),
        replace(base, input_srcs=(_path("s", "builder.sh"),)),
        replace(base, input_srcs=(_path("v", "builder.sh"),)),
        replace(base, outputs={"out": Output(None, "r:sha256")}),
        replace(base, outputs={**base.outputs, "dev": Output(None)}),
    ]
    recipes = [roles.recipe(one, known) for one in (base, *others)]
    assert len(set(recipes)) == len(recipes)


def test_another_source_is_an_own_change_and_another_way_of_fetching_it_is_none() -> None:
    def fetched(letter: str, digest: str) -> Derivation:
        path = store_paths.fixed_path("source", "out", "r:sha256", digest * 64)
        return made(letter, "source", outputs={"out": Output(path, "r:sha256", digest * 64)})

    def user(source: Derivation) -> str | None:
        one = made("f", "user-1", {source.path: ("out",)}, {"src": str(source.outputs["out"].path)})
        return roles.recipe(one, by_path(source))

    assert user(fetched("a", "1")) == user(fetched("b", "1"))
    assert user(fetched("a", "1")) != user(fetched("a", "2"))
    assert roles.recipe(fetched("a", "1"), {}) != roles.recipe(fetched("a", "2"), {})


def test_variables_that_are_no_text_have_a_recipe_too() -> None:
    one, other = (made("f", "user", env={"x": f"\udcff{mark}"}) for mark in "ab")
    assert roles.recipe(one, {}) is not None
    assert roles.recipe(one, {}) != roles.recipe(other, {})
