"""200 random worlds: what the tables say depends on the set of observations alone, and is what they mean."""

import random
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from pipelines import ingest
from pipelines.log import compact, schema, verify
from pipelines.log.store import EventLog
from tests import histories
from tests.property import memory, worlds
from tests.property.memory import MemoryLog
from tests.property.walk import Walked, walk
from tests.property.worlds import Answer

WORLDS, GROUP = 200, 25
EPISODES = """
    select
        jobset, attr, system, variant, broken_evaluation_id, broken_at, last_red_at,
        cleared_evaluation_id, cleared_at, observed_until_at, outcome, evaluations,
        has_own_failure, is_masked, is_left_censored, is_provisional, first_build_id, last_build_id
    from core.failure_episodes
"""
INTERVALS = """
    select s.jobset, s.system, e.evaluation_id, j.attr, j.variant, i.build_id, i.status, i.cause
    from replay.intervals as i
    inner join replay.jobs as j on i.job = j.job
    inner join replay.series as s on i.series = s.series
    inner join replay.steps as p on i.series = p.series and p.step between i.first_step and i.last_step
    inner join replay.evaluations as e on p.evaluation = e.evaluation
"""
VERDICTS = "select jobset, system, evaluation_id, is_complete, is_verdict_final from core.evaluation_systems"
EVALUATIONS = "select jobset, evaluation_id, evaluation_at, observations from core.evaluations"


def _record(log: MemoryLog | EventLog, answers: list[Answer], quarantine: Path) -> None:
    """One ingest call, as a source makes it."""
    known = ingest.known(log).ids("evaluation_observed", worlds.SOURCE)  # type: ignore[arg-type]
    ingest.record(worlds.facts(answers, known), "world", log, quarantine)  # type: ignore[arg-type]


def _retract(log: MemoryLog, answers: list[Answer]) -> None:
    """The source takes answers back, in a batch of its own."""
    log.append(
        {"observation_retracted": schema.frame_of([worlds.retraction(a) for a in answers])}, "retracted"
    )


def _delivered(answers: list[Answer], seed: int) -> list[list[Answer]]:
    """The answers shuffled, one in eight twice, cut into 2 to 9 batches."""
    rng = random.Random(seed)
    sent = answers + rng.sample(answers, len(answers) // 8)
    rng.shuffle(sent)
    cuts = sorted(rng.sample(range(1, len(sent)), rng.randint(1, 8)))
    return [sent[a:b] for a, b in zip([0, *cuts], [*cuts, len(sent)], strict=True)]


def _group(first: int) -> list[list[Answer]]:
    return [worlds.world(number) for number in range(first, first + GROUP)]


@pytest.mark.parametrize("first", range(0, WORLDS, GROUP))
def test_tables_are_what_the_observations_mean_in_whatever_order_they_come(
    first: int, tmp_path: Path
) -> None:
    group = _group(first)
    answers = [answer for world in group for answer in world]
    taken_back = random.Random(first).sample(answers, len(answers) // 25)
    in_order, shuffled = MemoryLog(), MemoryLog()
    _record(in_order, answers, tmp_path)
    _retract(in_order, taken_back)
    batches = _delivered(answers, first)
    for n, batch in enumerate(batches):
        _record(shuffled, batch, tmp_path)
        if n == len(batches) // 2:
            _retract(shuffled, taken_back)
    assert histories.observations(in_order).equals(histories.observations(shuffled))

    con, other = memory.build(in_order), memory.build(shuffled)
    assert histories.unequal(histories.contents(con), histories.contents(other)) == []
    assert con.execute("select count(*) from replay.listing_checks where not is_usable").fetchall() == [(0,)]

    retracted = {answer.id for answer in taken_back}
    walked = {world[0].jobset: walk(world, retracted) for world in group}
    _assert_equal(con, EVALUATIONS, walked, "evaluations")
    _assert_equal(con, INTERVALS, walked, "intervals")
    _assert_equal(con, VERDICTS, walked, "verdicts")
    _assert_equal(con, EPISODES, walked, "episodes")
    con.close()
    other.close()


def _assert_equal(con: duckdb.DuckDBPyConnection, query: str, walked: dict[str, Walked], table: str) -> None:
    ours = sorted(con.execute(query).fetchall(), key=repr)
    theirs = sorted(((jobset, *row) for jobset, w in walked.items() for row in getattr(w, table)), key=repr)
    assert len(ours) == len(theirs), table
    assert [(a, b) for a, b in zip(ours, theirs, strict=True) if a != b][:3] == []


def test_the_worlds_are_as_nasty_as_they_should_be() -> None:
    """Every outcome, verdict and flag occurs often enough that a wrong one would show."""
    walked = [walk(world) for first in range(0, WORLDS, GROUP) for world in _group(first)]
    outcomes = Counter(episode[9] for w in walked for episode in w.episodes)
    verdicts = Counter(verdict[2:] for w in walked for verdict in w.verdicts)
    flags = Counter(n for w in walked for episode in w.episodes for n in range(11, 15) if episode[n])
    statuses = {row[5] for w in walked for row in w.intervals}
    assert outcomes.keys() == {"fixed", "cleared", "removed", "open"}
    assert min(outcomes.values()) >= 100
    assert len(verdicts) == 4
    assert min(verdicts.values()) >= 100
    assert all(flags[n] >= 500 for n in range(11, 15))
    spanning = [
        coverage[episode[3]] != coverage[episode[6]]
        for world in worlds_of_two_coverages()
        for coverage in [{a.evaluation_id: a.coverage for a in world}]
        for episode in walk(world).episodes
        if episode[6] is not None
    ]
    assert sum(spanning) >= 50
    assert statuses > {"queued", "broken-marked", "no-such-status", "dependency-failed", "succeeded"}


def worlds_of_two_coverages() -> list[list[Answer]]:
    """Those that are told as failures with totals at first and in full from some evaluation on."""
    return [worlds.world(number) for number in range(3, 40, 4)]


def test_some_worlds_through_a_log_on_disk(tmp_path: Path) -> None:
    """The same with Delta tables: verified, compacted half-way, read as of every batch, with more threads."""
    answers = [answer for number in range(6) for answer in worlds.world(number)]
    log, direct = EventLog(tmp_path / "log"), EventLog(tmp_path / "direct")
    batches = _delivered(answers, 4)
    as_of = []
    for n, batch in enumerate(batches):
        _record(log, batch, tmp_path)
        as_of.append(_contents(log))
        if n == len(batches) // 2:
            before = log.version()
            assert compact.compact(log, retention_hours=0).version == before
    _record(direct, answers, tmp_path)

    assert verify.verify(log).problems == []
    assert as_of[-1] == _contents(direct)
    assert as_of[-1] == _contents(log, threads=4)
    assert as_of[-1] == _contents(log, threads=1)
    assert [_contents(log, last_batch=n + 1) for n in range(len(as_of))] == as_of
    assert len({str(tables) for tables in as_of}) == len(as_of)


def _contents(log: EventLog, **how: int) -> dict[str, tuple[int, int]]:
    con = histories.build(log, **how)  # type: ignore[arg-type]
    tables = histories.contents(con)
    con.close()
    return tables
