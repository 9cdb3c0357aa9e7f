"""`what-if`: what would not have been rebuilt, by the ranked proposals of `metrics.what_if` and by one's own."""

from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np
import polars as pl

from pipelines.errors import BadInput
from pipelines.graph import pairs, what_if
from pipelines.graph.what_if import Drop
from pipelines.waves.words import fit, wrapped

SHOWN = 12
"""Rows that a terminal shows; the JSON has all."""
_SCOPES = """
    select r.source, r.jobset, count(*) as rebuilds, bool_or(coalesce(s.is_invented, false)) as is_invented
    from core.rebuilds as r
    left join (select source, bool_or(is_invented) as is_invented from core.sources group by source) as s
        on r.source = s.source
    where $jobset is null or r.jobset = $jobset
    group by r.source, r.jobset
    order by is_invented, rebuilds desc, r.source, r.jobset
"""
_REBUILDS = """
    select
        previous_derivation_id64 as older,
        derivation_id64 as newer,
        nominal_seconds,
        case when is_executed then wall_seconds else 0 end as seconds
    from core.rebuilds
    where source = $source and jobset = $jobset and previous_derivation_id64 is not null
"""
_NODES = """
    select derivation_id64 as derivation, coalesce(pname, '?') as package, recipe_id64 as recipe,
        outputs_id64 as outputs, coalesce(is_fixed_output, false) as is_fixed
    from core.derivations where is_recorded
"""
_EDGES = """
    select d.derivation_id64 as derivation, i.derivation_id64 as input, e.edge_role as role
    from core.derivation_inputs as e
    inner join core.derivations as d on e.derivation_id = d.derivation_id
    inner join core.derivations as i on e.input_id = i.derivation_id
"""
_RANKED = """
    select * exclude (source, jobset, definition_version) from metrics.what_if
    where source = $source and jobset = $jobset
    order by coalesce(saved_nominal_seconds, saved_seconds) desc, saved_rebuild_ratio desc, scenario, package, input,
        parameter
"""


def parsed(text: str) -> Drop:
    """`PACKAGE:INPUT,INPUT` as a drop. Raises BadInput for another form."""
    package, colon, names = text.partition(":")
    inputs = frozenset(name.strip() for name in names.split(",") if name.strip())
    if not colon or not package.strip() or not inputs:
        raise BadInput(
            f"--drop {text[:80]!r} names no package and inputs: write it as cudatoolkit:fontconfig,alsa-lib."
        )
    return package.strip(), inputs


def answer(con: duckdb.DuckDBPyConnection, jobset: str | None, drops: Sequence[Drop]) -> dict[str, Any]:
    """Ranked proposals of one jobset or package set, and the given drops, as values for JSON.

    Without a name the one with most rebuilds counts, invented worlds last. Raises BadInput where no rebuild is
    recorded, or a drop names an input that no derivation of the package has.
    """
    found = con.execute(_SCOPES, {"jobset": jobset}).fetchall()
    if not found:
        of = f" of {jobset!r}" if jobset else ""
        raise BadInput(
            f"The log holds no rebuild{of}: it needs evaluations whose derivations are known; see `nix collect`."
        )
    source, name, _, is_invented = found[0]
    scope = {"source": source, "jobset": name}
    return {
        **scope,
        "is_invented": is_invented,
        "drops": _drops(con, scope, drops) if drops else [],
        "proposals": con.sql(_RANKED, params=scope).pl().to_dicts(),
    }


def words(told: dict[str, Any]) -> list[str]:
    """The lines for a terminal of 80 columns."""
    world = " (an invented world: it says nothing about nixpkgs)" if told["is_invented"] else ""
    lines = [*wrapped(f"{told['jobset']} of {told['source']}{world}."), ""]
    lines.append(f"{'':<44}{'rebuilds':>17}{'saved time':>19}")
    rows = [({"scenario": what_if.DROP_INPUT, **row}) for row in told["drops"]] or told["proposals"]
    for row in rows[:SHOWN]:
        change = f"{row['rebuilds_before']:,} -> {row['rebuilds_after']:,}"
        lines.append(fit(_named(row), 44) + f"{change:>17}{_time(row):>19}")
    if len(rows) > SHOWN:
        lines.append(f"  ({len(rows) - SHOWN:,} more; --json has all)")
    lines += ["", *wrapped("What two proposals save does not add up. A dropped input must not be needed.")]
    return lines


def _drops(
    con: duckdb.DuckDBPyConnection, scope: dict[str, str], drops: Sequence[Drop]
) -> list[dict[str, Any]]:
    rebuilds = con.sql(_REBUILDS, params=scope).pl()
    edges = con.sql(_EDGES).pl()
    nodes = con.sql(_NODES).pl()
    _hold_known(drops, nodes, edges)
    asked = rebuilds.select("older", "newer").unique().sort("older", "newer")
    graph = pairs.build(asked, nodes, edges)
    numbers = graph.numbers(rebuilds["older"], rebuilds["newer"])
    nominal = rebuilds["nominal_seconds"].to_numpy()
    return [
        {
            "package": package,
            "input": "+".join(sorted(inputs)),
            "rebuilds_before": rebuilds.height,
            "rebuilds_after": int((~avoided).sum()),
            "saved_seconds": float(np.nansum(rebuilds["seconds"].to_numpy()[avoided])),
            "nominal_seconds_before": None if np.isnan(nominal).all() else float(np.nansum(nominal)),
            "saved_nominal_seconds": None if np.isnan(nominal).all() else float(np.nansum(nominal[avoided])),
        }
        for (package, inputs), avoided in zip(drops, what_if.dropped(graph, numbers, drops), strict=True)
    ]


def _hold_known(drops: Sequence[Drop], nodes: pl.DataFrame, edges: pl.DataFrame) -> None:
    """Raises BadInput where a package never had such an input in a role that its recipe lists by hand."""
    package = nodes.select("derivation", "package")
    named = (
        edges.filter(pl.col("role").is_in(what_if.DECLARED))
        .join(package, on="derivation")
        .join(package.rename({"derivation": "input", "package": "name"}), on="input")
        .select("package", "name")
        .unique()
    )
    for of, inputs in drops:
        has = set(named.filter(pl.col("package") == of)["name"])
        unknown = sorted(inputs - has)
        if unknown:
            raise BadInput(
                f"{of} has no declared input {unknown[0]!r} in core.derivation_inputs: it has "
                f"{', '.join(sorted(has)[:8]) or 'none'}."
            )


def _named(row: dict[str, Any]) -> str:
    scenario, parameter = row["scenario"], row.get("parameter")
    if scenario == "split_tests":
        return f"tests of their own ({parameter:.0%} of build time)"
    if scenario == "batch":
        return f"build every {parameter:.0f} evaluations only"
    if scenario == "early_cutoff":
        return "skip builds of equal inputs (early cutoff)"
    verb = "drop" if scenario == what_if.DROP_INPUT else "pin"
    return f"{verb} from {row['package']}: {row['input'].replace('+', ', ')}"


def _time(row: dict[str, Any]) -> str:
    nominal = row["saved_nominal_seconds"]
    if nominal is not None:
        return f"{nominal:,.0f} s nominal"
    return f"{row['saved_seconds']:,.0f} s"
