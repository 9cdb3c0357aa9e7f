"""The history of every job that ever failed, cut into small files that the page of jobs fetches one at a time."""

import json
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.publish.scopes import rows

FOLDER = "data/jobs"
SHARDS = 256
NEWEST = 60
"""Episodes of one job that are kept here, the newest; the database has all."""
OUTCOMES = ("open", "fixed", "marked_broken", "removed", "cleared")

_EPISODES = """
    with newest as (
        select
            *,
            row_number() over (partition by attr order by broken_at desc, source, jobset, system, variant) as place
        from core.failure_episodes
        qualify place <= $newest
    ),

    series as (
        select source, jobset, system, row_number() over (order by source, jobset, system) - 1 as number
        from (select distinct source, jobset, system from core.failure_episodes)
    )

    select
        n.attr,
        to_json(
            list(
                json_array(
                    s.number,
                    list_position($outcomes, n.outcome) - 1,
                    n.has_own_failure::integer,
                    n.is_left_censored::integer,
                    strftime(n.broken_at, '%Y-%m-%d'),
                    coalesce(strftime(n.cleared_at, '%Y-%m-%d'), ''),
                    round(date_diff('second', n.broken_at, coalesce(n.cleared_at, n.observed_until_at)) / 86400, 2),
                    coalesce(split_part(n.last_build_id, ':', -1), '')
                )
                order by n.place
            )
        )::varchar as episodes
    from newest as n
    inner join series as s on n.source = s.source and n.jobset = s.jobset and n.system = s.system
    group by n.attr
    order by n.attr
"""


@dataclass(frozen=True)
class Lookup:
    """What the page has to know to read the files."""

    jobs: int
    series: tuple[tuple[str, str, str], ...]
    """Source, jobset and system, by the number that the files use."""


def write(con: duckdb.DuckDBPyConnection, folder: Path) -> Lookup:
    """Write `names.json` and one file a shard.

    An episode is [series, outcome, own, failing from the first, began, ended, days, build].
    """
    folder.mkdir(parents=True, exist_ok=True)
    series = [
        (row["source"], row["jobset"], row["system"])
        for row in rows(con, "select distinct source, jobset, system from core.failure_episodes order by all")
    ]
    shards: list[list[str]] = [[] for _ in range(SHARDS)]
    names: list[str] = []
    told = con.execute(_EPISODES, {"newest": NEWEST, "outcomes": list(OUTCOMES)}).fetchall()
    for attr, episodes in told:
        names.append(attr)
        shards[shard(attr)].append(f"{_text(attr)}:{episodes}")
    for place, jobs in enumerate(shards):
        (folder / f"{place}.json").write_text("{" + ",".join(jobs) + "}\n", encoding="utf-8")
    (folder / "names.json").write_text(_text(names) + "\n", encoding="utf-8")
    return Lookup(len(names), tuple(series))


def shard(attr: str) -> int:
    """The file that holds a job: 32-bit FNV-1a of its UTF-8 text, as the page's script computes it too."""
    value = 0x811C9DC5
    for byte in attr.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value % SHARDS


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
