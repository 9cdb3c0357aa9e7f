"""Small invented worlds, each with a channel over all of its jobs and channels that leave one out.

What metrics.channel_blockers says would have been, had one job been left out, must be what a channel without that
job really does; and leaving a job out never makes a channel advance later.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime

import duckdb
import pytest

from models.events import ChannelDeclared
from models.parts import ChannelPeriod
from tests.sql import harness, world

WORLDS = 24
JOBS = 4
EVALUATIONS = 9
JOBSET = "nixpkgs/trunk"


def _grid(chance: random.Random) -> str:
    letters = [" ".join(chance.choices("SFQ.", weights=(6, 3, 1, 1), k=EVALUATIONS)) for _ in range(JOBS)]
    # Something is always left of the selection, and unfinished jobs are few enough to leave evaluations complete.
    always = [f"x86_64-linux jobs S*{EVALUATIONS}", f"x86_64-linux filler*200 S*{EVALUATIONS}"]
    return "\n".join([*(f"x86_64-linux job{n} {row}" for n, row in enumerate(letters)), *always])


def _channel(source: str, name: str, excluded: list[str], tolerance: int) -> ChannelDeclared:
    return ChannelDeclared(
        id=f"{source}:channel:{name}",
        source=source,
        observed_at=datetime(2024, 1, 1, tzinfo=UTC),
        channel=name,
        title=name,
        kind="community",
        instance=source,
        periods=[ChannelPeriod(jobset=JOBSET)],
        attrs=["job*"],
        excluded=excluded,
        tolerance=tolerance,
    )


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    chance = random.Random(11)
    given: list[harness.Recorded] = []
    for number in range(WORLDS):
        source, tolerance = f"world{number}", number % 3 // 2
        given += world.events(_grid(chance), source)
        given += [(1, _channel(source, "all", [], tolerance))]
        given += [(1, _channel(source, f"without job{n}", [f"job{n}"], tolerance)) for n in range(JOBS)]
    with harness.build(given, "metrics.channel_blockers", "core.job_intervals") as built:
        yield built


def test_worlds_are_worth_it(con: duckdb.DuckDBPyConnection) -> None:
    (stalls, saving, useless) = con.sql(
        """
        select count(distinct (source, stall_evaluation_id)), count(*) filter (where saved_days > 0),
            count(*) filter (where saved_days = 0)
        from metrics.channel_blockers where channel = 'all'
        """
    ).fetchall()[0]
    assert min(stalls, saving, useless) > 20


def test_leaving_a_job_out_never_makes_an_advance_later(con: duckdb.DuckDBPyConnection) -> None:
    """At each evaluation the channel without the job points at least as far as the one with it."""
    behind = con.sql(
        """
        with pointers as (
            select source, channel, turn, max(case when verdict = 'green' then turn end) over (
                partition by source, channel order by turn
            ) as points_at
            from core.channel_verdicts
        )
        select w.source, w.channel, w.turn
        from pointers as w
        inner join pointers as a on w.source = a.source and w.turn = a.turn and a.channel = 'all'
        where w.channel <> 'all' and coalesce(w.points_at, 0) < coalesce(a.points_at, 0)
        """
    ).fetchall()
    assert behind == []


def test_what_would_have_been_is_what_a_channel_without_the_job_does(con: duckdb.DuckDBPyConnection) -> None:
    told = con.sql(
        """
        with left_out as (
            select
                b.source, b.stall_evaluation_id, b.attr, b.would_advance_evaluation_id, b.saved_days,
                min(v.evaluation_id::int) filter (where v.verdict = 'green' and w.verdict <> 'green') as really,
                sum(epoch(coalesce(n.evaluation_at, v.evaluation_at)) - epoch(v.evaluation_at))
                    filter (where v.verdict = 'green') / 86400 as really_saved
            from metrics.channel_blockers as b
            inner join core.channel_stalls as s
                on b.source = s.source and s.channel = 'all' and b.stall_evaluation_id = s.stall_evaluation_id
            inner join core.channel_verdicts as v
                on b.source = v.source
                and v.channel = 'without ' || b.attr
                and v.turn between s.first_turn and s.last_turn
            inner join core.channel_verdicts as w
                on b.source = w.source and w.channel = 'all' and w.turn = v.turn
            left join core.channel_verdicts as n
                on v.source = n.source and v.channel = n.channel and v.turn + 1 = n.turn
            inner join core.job_intervals as i
                on b.source = i.source and b.attr = i.attr and i.status_class = 'red'
                and v.evaluation_at between i.first_at and i.last_at
            where b.channel = 'all'
            group by all
        )
        select
            count(*),
            count(*) filter (
                where would_advance_evaluation_id::int is distinct from really
                    or abs(saved_days - coalesce(really_saved, 0)) > 0.001
            )
        from left_out
        """
    ).fetchall()
    assert told[0][0] > 50
    assert told[0][1] == 0
