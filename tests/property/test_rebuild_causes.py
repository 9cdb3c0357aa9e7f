"""Random histories of package sets: what arrays say of rebuilds equals a walk in plain Python."""

import itertools
from collections.abc import Callable
from functools import cache

import polars as pl
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from models.derivations import text_id64
from pipelines.graph import attribution, pairs, what_if
from tests.built_sets import CHECK, History, Made, Package

ROLES = (CHECK, "nativeBuildInputs", "propagatedBuildInputs", "buildInputs", "src")
KIND = {
    CHECK: "check",
    "nativeBuildInputs": "native",
    "propagatedBuildInputs": "propagated",
    "buildInputs": "build",
    "src": "source",
}
Keep = Callable[[Made, Made, str], bool]


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Up to nine packages over up to four commits; texts and edges change, some outputs are fixed."""
    size = draw(st.integers(2, 9))
    fixed = draw(st.sets(st.integers(0, size - 1), max_size=2))
    commits = []
    edges: dict[int, dict[int, str]] = {}
    for n in range(size):
        wanted = draw(st.sets(st.integers(0, n - 1), max_size=3)) if n else set()
        edges[n] = {i: draw(st.sampled_from(ROLES)) for i in wanted}
    texts = ["1"] * size
    for commit in range(draw(st.integers(2, 4))):
        for n in draw(st.sets(st.integers(0, size - 1), max_size=2)) if commit else ():
            texts[n] = str(commit + 1)
        if commit and draw(st.booleans()):
            n = draw(st.integers(1, size - 1))
            edges[n][draw(st.integers(0, n - 1))] = draw(st.sampled_from(ROLES))
        commits.append(
            [
                Package(
                    f"p{n}",
                    texts[n],
                    tuple((f"p{i}", role) for i, role in sorted(edges[n].items())),
                    n in fixed,
                )
                for n in range(size)
            ]
        )
    return History("drawn", commits)


def matched(old: Made, new: Made) -> list[tuple[Made, Made, str]]:
    """Inputs of one package whose outputs differ, but for sources."""
    return [link for link in all_matched(old, new) if not link[1].package.is_fixed]


def all_matched(old: Made, new: Made) -> list[tuple[Made, Made, str]]:
    """The same with sources, which are what has a fixed output."""
    if new.package.is_fixed or old.package.is_fixed:
        return []
    before = {one.package.name: one for one, _ in old.inputs}
    return [
        (before[one.package.name], one, role)
        for one, role in new.inputs
        if one.package.name in before and before[one.package.name].output != one.output
    ]


def own(old: Made, new: Made) -> bool:
    """Whether it says something else, or a source of it does; a fixed output only by its own text."""
    return old.recipe != new.recipe or any(b.package.is_fixed for _, b, _ in all_matched(old, new))


def changed(keep: Keep) -> Callable[[Made, Made], bool]:
    """The recursion of the definitions over edges that are kept."""

    @cache
    def walk(old: Made, new: Made) -> bool:
        return own(old, new) or any(
            walk(a, b) for a, b, role in matched(old, new) if keep(new, b, KIND[role])
        )

    return walk


@cache
def triggers(old: Made, new: Made) -> frozenset[str]:
    """Packages with a change of their own below."""
    found = frozenset([new.package.name]) if own(old, new) else frozenset()
    return found.union(*(triggers(a, b) for a, b, _ in matched(old, new)))


def asked(history: History) -> dict[tuple[int, int], tuple[Made, Made]]:
    """Every package of two commits one after the other whose output differs."""
    made = history.made()
    return {
        (before[name].number, after[name].number): (before[name], after[name])
        for before, after in itertools.pairwise(made)
        for name in after
        if before[name].output != after[name].output
    }


def rows(history: History, of: dict[tuple[int, int], tuple[Made, Made]]) -> pa.Table:
    """What the relations give to the functions."""
    every = {made.number: made for at in history.made() for made in at.values()}
    table = [
        *({"kind": "pair", "older": old, "newer": new} for old, new in of),
        *(
            {
                "kind": "node",
                "newer": made.number,
                "package": made.package.name,
                "recipe": text_id64(made.recipe),
                "outputs": made.output,
                "is_fixed": made.package.is_fixed,
            }
            for made in every.values()
        ),
        *(
            {"kind": "edge", "newer": made.number, "older": one.number, "role": KIND[role]}
            for made in every.values()
            for one, role in made.inputs
        ),
    ]
    schema = {
        "kind": pl.String,
        "older": pl.Int64,
        "newer": pl.Int64,
        "package": pl.String,
        "recipe": pl.Int64,
        "outputs": pl.Int64,
        "is_fixed": pl.Boolean,
        "role": pl.String,
    }
    return pl.DataFrame(table, schema=schema).to_arrow()


@given(histories())
def test_causes_are_those_of_a_walk(history: History) -> None:
    of = asked(history)
    every = changed(lambda *_: True)
    found = pl.from_arrow(attribution.causes(rows(history, of))).to_dicts()  # type: ignore[union-attr]
    assert {(row["older"], row["newer"]) for row in found} == set(of)
    for row in found:
        old, new = of[row["older"], row["newer"]]
        assert every(old, new), "an output only changes with a recipe"
        assert row["is_attributed"]
        assert row["has_own_change"] == own(old, new)
        assert row["triggers"] == sorted(triggers(old, new))
        structural = not own(old, new) and not changed(lambda _, __, role: role != "check")(old, new)
        assert row["is_structural"] == structural
        assert row["changed_inputs"] == sorted(b.number for _, b, _ in matched(old, new))
        if own(old, new):
            assert row["role"] is None
        else:
            alone = [
                role
                for role in attribution.ROLES
                if not changed(lambda _, __, kind, role=role: kind != role)(old, new)
            ]
            assert row["role"] == (alone[0] if alone else attribution.SEVERAL)


@given(histories())
def test_counterfactuals_are_those_of_a_walk(history: History) -> None:
    of = asked(history)
    told = pl.from_arrow(what_if.effects(rows(history, of))).to_dicts()  # type: ignore[union-attr]
    split = changed(lambda _, __, role: role != "check")
    avoided = {
        (row["older"], row["newer"]) for row in told if row["effect"] == "avoided" and row["package"] is None
    }
    assert avoided == {key for key, pair in of.items() if not split(*pair)}
    tests = {(row["older"], row["newer"]) for row in told if row["effect"] == "test_run"}
    assert tests == {
        key
        for key, (old, new) in of.items()
        if any(role == CHECK for _, role in new.inputs)
        and not new.package.is_fixed
        and (split(old, new) or any(split(a, b) for a, b, role in matched(old, new) if role == CHECK))
    }
    for package, name in {(row["package"], row["input"]) for row in told if row["package"]}:
        without = changed(
            lambda new, one, role, package=package, name=name: (
                not (new.package.name == package and one.package.name == name and role in what_if.DECLARED)
            )
        )
        found = {
            (row["older"], row["newer"]) for row in told if (row["package"], row["input"]) == (package, name)
        }
        assert found == {key for key, pair in of.items() if not without(*pair)}


@given(histories(), st.data())
def test_what_is_not_recorded_is_unknown_and_never_avoided(history: History, data: st.DataObject) -> None:
    of = asked(history)
    if not of:
        return
    hidden = data.draw(st.sampled_from(sorted({new for _, new in of})))
    frame = pl.from_arrow(rows(history, of))
    partial = frame.filter(~((pl.col("kind") == "node") & (pl.col("newer") == hidden)))  # type: ignore[union-attr]
    causes = pl.from_arrow(attribution.causes(partial.to_arrow())).to_dicts()  # type: ignore[union-attr]
    unknown = {(row["older"], row["newer"]) for row in causes if not row["is_attributed"]}
    assert {key for key in of if hidden in key} <= unknown
    for row in causes:
        if not row["is_attributed"]:
            assert row["triggers"] is None
            assert row["role"] is None
            assert row["is_structural"] is not True
    effects = pl.from_arrow(what_if.effects(partial.to_arrow()))
    told = effects.filter(pl.col("effect") == "avoided").select("older", "newer").unique().rows()  # type: ignore[union-attr]
    assert unknown.isdisjoint(told)


def test_what_needs_itself_is_unknown() -> None:
    nodes = pl.DataFrame(
        {
            "derivation": [1, 2, 3, 4],
            "package": ["a", "b", "a", "b"],
            "recipe": [7, 8, 7, 8],
            "outputs": [1, 2, 3, 4],
            "is_fixed": [False] * 4,
        },
        schema=pairs.NODES,
    )
    edges = pl.DataFrame(
        {"derivation": [1, 2, 3, 4], "input": [2, 1, 4, 3], "role": ["build"] * 4}, schema=pairs.EDGES
    )
    told = pairs.build(pl.DataFrame({"older": [1], "newer": [3]}), nodes, edges)
    assert set(told.pairs["own"]) == {pairs.UNKNOWN}
