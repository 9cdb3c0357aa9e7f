"""What the warehouse has: its jobsets, channels and declared waves, their periods, how new each newest answer is."""

from dataclasses import replace
from typing import Any

import duckdb

from pipelines.publish.figure import Scope

_JOBSETS = """
    select
        source, jobset, min(evaluation_at) as begins_at, max(evaluation_at) as ends_at,
        max(last_observed_at) as as_of_at
    from core.evaluations
    -- A pull request is no series of states: its runs are in the tables and have no page.
    where not regexp_matches(jobset, '/pull-[0-9]+$')
    group by source, jobset order by source, jobset
"""
_CHANNELS = """
    select source, channel, min(observed_at) as begins_at, max(observed_at) as ends_at,
        max(max(observed_at)) over (partition by source) as as_of_at
    from core.channel_advances
    where basis = 'observed'
        and (source, channel) not in (select (source, channel) from core.channel_declarations)
    group by source, channel order by source, channel
"""
_DECLARED = """
    select c.source, c.channel, t.first_at as begins_at, t.last_at as ends_at, c.as_of as as_of_at
    from core.channels as c
    left join metrics.channel_stall_times as t on c.source = t.source and c.channel = t.channel
    where c.is_declared
    order by c.source, c.channel
"""
_PACKAGE_SETS = """
    select source, package_set, package_set || ' at ' || left(revision, 12) as label, committed_at
    from core.package_sets
    where is_newest and source not in (select source from core.sources where is_invented)
    group by source, package_set, revision, committed_at
    order by count(*) desc, source, package_set
"""
_REBUILDS = """
    select
        source, jobset, min(evaluated_at) as begins_at, max(evaluated_at) as ends_at, max(evaluated_at) as as_of_at
    from core.rebuilds
    where (source in (select source from core.sources where is_invented)) = $is_invented
    group by source, jobset
    order by count(*) desc, source, jobset
"""
_WAVES = """
    select
        w.source, w.wave, w.title,
        coalesce(min(e.evaluation_at), w.started_at, w.declared_at) as begins_at,
        coalesce(max(e.evaluation_at), w.started_at, w.declared_at) as ends_at,
        coalesce(max(v.last_observed_at), w.declared_at) as as_of_at
    from core.waves as w
    left join core.wave_evaluations as e on w.wave = e.wave
    left join core.evaluations as v
        on e.source = v.source and e.jobset = v.jobset and e.evaluation_id = v.evaluation_id
    group by w.source, w.wave, w.title, w.started_at, w.declared_at
    order by w.wave
"""


def rows(
    con: duckdb.DuckDBPyConnection, query: str, parameters: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    """The rows of a query, by column name."""
    result = con.execute(query, parameters or None)
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def jobsets(con: duckdb.DuckDBPyConnection) -> list[Scope]:
    """Every jobset, in the order of source and name."""
    return [_scope(row, "jobset") for row in rows(con, _JOBSETS)]


def channels(con: duckdb.DuckDBPyConnection) -> list[Scope]:
    """Every channel that somebody watched and nobody declared, in the order of source and name."""
    return [_scope(row, "channel") for row in rows(con, _CHANNELS)]


def declared_channels(con: duckdb.DuckDBPyConnection) -> list[Scope]:
    """Every declared channel, in the order of source and name; periods are null where nothing could be judged."""
    return [_scope(row, "channel") for row in rows(con, _DECLARED)]


def package_sets(con: duckdb.DuckDBPyConnection) -> list[Scope]:
    """The newest revision of every package set with a graph, the one with most attributes first."""
    return [
        replace(
            _scope(
                {**row, **dict.fromkeys(("begins_at", "ends_at", "as_of_at"), row["committed_at"])},
                "package_set",
            ),
            label=row["label"],
        )
        for row in rows(con, _PACKAGE_SETS)
    ]


def rebuilt(con: duckdb.DuckDBPyConnection, *, is_invented: bool) -> list[Scope]:
    """What rebuilds are known of, real or invented, that with most of them first."""
    return [_scope(row, "jobset") for row in rows(con, _REBUILDS, {"is_invented": is_invented})]


def waves(con: duckdb.DuckDBPyConnection) -> list[Scope]:
    """Every declared wave, in the order of their names."""
    return [replace(_scope(row, "wave"), label=row["title"]) for row in rows(con, _WAVES)]


def whole(parts: list[Scope], label: str) -> Scope:
    """One scope over several: its period spans theirs, its as-of is the newest of theirs."""
    return Scope(
        label=label,
        source=", ".join(dict.fromkeys(part.source for part in parts)),
        begins_at=min((part.begins_at for part in parts if part.begins_at), default=None),
        ends_at=max((part.ends_at for part in parts if part.ends_at), default=None),
        as_of_at=max((part.as_of_at for part in parts if part.as_of_at), default=None),
    )


def _scope(row: dict[str, Any], kind: str) -> Scope:
    return Scope(
        label=row[kind],
        source=row["source"],
        begins_at=row["begins_at"],
        ends_at=row["ends_at"],
        as_of_at=row["as_of_at"],
        parameters={"source": row["source"], kind: row[kind]},
    )
