"""The graph and a package set as the warehouse holds them, in arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import cached_property
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from pipelines.errors import BadInput
from pipelines.graph import graph
from pipelines.graph.graph import Booleans, Graph

UNKNOWN_LEVEL = -1


@dataclass(frozen=True)
class Derivations:
    """Every derivation of the warehouse that can be ordered, by its number."""

    whole: Graph
    is_fixed_output: Booleans
    level: npt.NDArray[np.int32]
    """`UNKNOWN_LEVEL` where something below was not recorded."""
    is_check_only: Booleans
    """Of each edge; false where no source tells."""
    is_test_tool_by_name: Booleans
    """Of each edge: a guess."""

    @cached_property
    def cut(self) -> Graph:
        """The graph through which changes of outputs go."""
        return self.whole.cut_at(self.is_fixed_output)


@dataclass(frozen=True)
class PackageSet:
    """Attributes of a package set at its newest recorded revision, in the order of their names."""

    source: str
    name: str
    revision: str
    committed_at: datetime | None
    is_partial: bool | None
    attrs: tuple[str, ...]
    systems: tuple[str, ...]
    derivations: npt.NDArray[np.int32]
    """Of each attribute."""
    seconds: npt.NDArray[np.float64]
    """Of each attribute: how long it builds; NaN where unknown."""
    updates: npt.NDArray[np.float64]
    """Of each attribute: updates in the year before; NaN where unknown."""

    @cached_property
    def place(self) -> Mapping[str, int]:
        """Attribute to its place; of those on several systems, the one on x86_64-linux, else the first by system."""
        found: dict[str, int] = {}
        for place, (attr, system) in enumerate(zip(self.attrs, self.systems, strict=True)):
            if attr not in found or system == "x86_64-linux":
                found[attr] = place
        return found

    def derivation(self, attr: str) -> int:
        """Derivation of an attribute. Raises BadInput that names what is spelt alike."""
        place = self.place.get(attr)
        if place is not None:
            return int(self.derivations[place])
        inside = sorted(known for known in self.place if known.endswith(f".{attr}"))
        alike = inside[:3] or get_close_matches(attr, self.place, n=3)
        hint = f"did you mean {', '.join(alike)}?" if alike else "look for it with `query`."
        raise BadInput(
            f"{attr!r} is no attribute of {self.name} at {self.revision[:12]} in core.package_sets: {hint}"
        )


def derivations(con: duckdb.DuckDBPyConnection) -> Derivations:
    """Everything that `core.derivations` and `core.derivation_inputs` hold, but for circles."""
    nodes = _columns(
        con,
        """
        select depth, coalesce(level, -1) as level, coalesce(is_fixed_output, false) as is_fixed_output
        from core.derivations where depth is not null order by derivation_id
        """,
    )
    edges = _columns(
        con,
        """
        select i.derivation_id, i.input_id, coalesce(i.is_check_only, false) as is_check_only, i.is_test_tool_by_name
        from core.derivation_inputs as i
        inner join core.derivations as d on i.derivation_id = d.derivation_id
        where d.depth is not null order by i.derivation_id, i.input_id
        """,
    )
    return Derivations(
        graph.of(nodes["depth"], edges["derivation_id"], edges["input_id"]),
        nodes["is_fixed_output"].astype(bool),
        nodes["level"].astype(np.int32),
        edges["is_check_only"].astype(bool),
        edges["is_test_tool_by_name"].astype(bool),
    )


def package_set(con: duckdb.DuckDBPyConnection, name: str | None = None) -> PackageSet:
    """The newest revision of a package set; of several sets, the one with most attributes unless it is named.

    Raises BadInput where none is recorded.
    """
    found = con.execute(
        """
        select source, package_set, revision, committed_at, is_partial from core.package_sets
        where is_newest and ($name is null or package_set = $name)
        group by source, package_set, revision, committed_at, is_partial
        order by count(*) desc, source, package_set limit 1
        """,
        {"name": name},
    ).fetchall()
    if not found:
        which = f" named {name!r}" if name else ""
        raise BadInput(
            f"The log holds no package set{which} with its graph: ingest one, as examples/histories/nixpkgs-graph."
        )
    source, package_set_name, revision, committed_at, is_partial = found[0]
    columns = _columns(
        con,
        """
        select p.attr, p.system, p.derivation_id, b.seconds::double as seconds, m.updates::double as updates
        from core.package_sets as p
        inner join core.derivations as d on p.derivation_id = d.derivation_id and d.depth is not null
        left join core.build_seconds as b on p.attr = b.attr and p.system = b.system
        left join core.package_moves as m
            on p.source = m.source and p.package_set = m.package_set and p.revision = m.revision
            and p.system = m.system and p.attr = m.attr
        where p.source = $source and p.package_set = $package_set and p.revision = $revision
        order by p.attr, p.system
        """,
        {"source": source, "package_set": package_set_name, "revision": revision},
    )
    return PackageSet(
        source,
        package_set_name,
        revision,
        committed_at,
        is_partial,
        tuple(columns["attr"].tolist()),
        tuple(columns["system"].tolist()),
        columns["derivation_id"].astype(np.int32),
        columns["seconds"].astype(np.float64),
        columns["updates"].astype(np.float64),
    )


def check_only_and_guessed(told: Derivations) -> Sequence[Booleans]:
    """Edges that a change goes along: all, without recorded check inputs, and also without guessed test tools."""
    without_checks = ~told.is_check_only
    return (np.ones_like(without_checks), without_checks, without_checks & ~told.is_test_tool_by_name)


def _columns(
    con: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, Any] | None = None
) -> dict[str, npt.NDArray[Any]]:
    """Columns of a question as arrays; unknown numbers are NaN."""
    table = con.sql(sql, params=dict(parameters) if parameters else None).to_arrow_table()
    return {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names}
