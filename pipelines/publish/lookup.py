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
    select
        attr, source, jobset, system, outcome, has_own_failure, is_left_censored,
        coalesce(last_build_id, '') as build_id,
        strftime(broken_at, '%Y-%m-%d') as broken_on, coalesce(strftime(cleared_at, '%Y-%m-%d'), '') as cleared_on,
        round(date_diff('second', broken_at, coalesce(cleared_at, observed_until_at)) / 86400, 2) as days
    from core.failure_episodes
    qualify row_number() over (partition by attr order by broken_at desc, source, jobset, system, variant) <= $newest
    order by attr, broken_at desc, source, jobset, system, variant
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
    number = {key: place for place, key in enumerate(series)}
    outcomes = {name: place for place, name in enumerate(OUTCOMES)}
    shards: list[dict[str, list[list[object]]]] = [{} for _ in range(SHARDS)]
    names: list[str] = []
    for attr, source, jobset, system, outcome, own, first, build, began, ended, days in con.execute(
        _EPISODES, {"newest": NEWEST}
    ).fetchall():
        if not names or names[-1] != attr:
            names.append(attr)
            here = shards[shard(attr)].setdefault(attr, [])
        series_number, outcome_number = number[source, jobset, system], outcomes[outcome]
        build_number = build.rsplit(":", 1)[-1]
        here.append([series_number, outcome_number, int(own), int(first), began, ended, days, build_number])
    for place, jobs in enumerate(shards):
        _dump(folder / f"{place}.json", jobs)
    _dump(folder / "names.json", names)
    return Lookup(len(names), tuple(series))


def shard(attr: str) -> int:
    """The file that holds a job: 32-bit FNV-1a of its UTF-8 text, as the page's script computes it too."""
    value = 0x811C9DC5
    for byte in attr.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value % SHARDS


def _dump(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
