"""The history of haskell-updates as ingested and built: equal to what its authors worked out from it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines import warehouse
from tests import histories
from tests.histories import HASKELL

JOBSET = "nixpkgs/haskell-updates"
EPISODES = f"""
    select
        attr,
        system as platform,
        broken_evaluation_id::bigint as broken_eval,
        broken_at::timestamp as broken_at,
        cleared_evaluation_id::bigint as cleared_eval,
        cleared_at::timestamp as cleared_at,
        evaluations as n_evals,
        has_own_failure as had_own_failure,
        is_left_censored as left_censored
    from core.failure_episodes
    where jobset = '{JOBSET}'
"""
REFERENCE = f"from '{HASKELL}/episodes_reference.parquet'"
COUNT = f"select count(*) from core.failure_episodes where jobset = '{JOBSET}'"


def copied(warehouse_file: Path, folders: pytest.TempPathFactory) -> Path:
    """A copy of the warehouse, to be changed."""
    return Path(shutil.copy(warehouse_file, folders.mktemp("copied") / "haskell.duckdb"))


@pytest.fixture(scope="module")
def mine(
    real_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of the warehouse in which presets can be changed."""
    with warehouse.connect(copied(real_warehouse, tmp_path_factory)) as con:
        yield con


@pytest.fixture(scope="module")
def reference(
    real_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy with the episodes of the reference's preset, for reading."""
    path = copied(real_warehouse, tmp_path_factory)
    with warehouse.connect(path) as con:
        histories.use_preset(con, "haskell-updates-reference")
    with histories.opened(path) as con:
        yield con


def test_reference_episodes_are_equal_in_every_column(reference: duckdb.DuckDBPyConnection) -> None:
    assert reference.execute(COUNT).fetchall() == [(143_547,)]
    assert histories.differences(reference, EPISODES, REFERENCE) == (0, 0)


def test_the_basis_of_statuses_matters(mine: duckdb.DuckDBPyConnection) -> None:
    histories.use_preset(mine, "haskell-updates-reference", status_basis="latest")
    assert mine.execute(COUNT).fetchall() == [(141_505,)]


def test_bridging_listed_neutral_statuses_matters(mine: duckdb.DuckDBPyConnection) -> None:
    histories.use_preset(mine, "haskell-updates-reference", bridge_neutral=True)
    assert mine.execute(COUNT).fetchall() == [(141_948,)]


def test_every_fact_about_a_build_is_kept(real: duckdb.DuckDBPyConnection) -> None:
    facts, builds = real.execute(
        "select count(*), count(distinct build_id) from replay.build_facts as f "
        "where f.build_id in (select l.build_id from replay.listings as l "
        "inner join replay.jobs as j on l.job = j.job inner join replay.series as s on j.series = s.series "
        f"where s.jobset = '{JOBSET}')"
    ).fetchall()[0]
    assert facts == 676_077
    assert builds < facts


def test_every_listing_replays_to_its_checksum(real: duckdb.DuckDBPyConnection) -> None:
    assert real.execute(
        "select count(*), count(*) filter (where l.is_usable) from replay.listing_checks as l "
        f"inner join replay.observations as o on l.observation = o.observation where o.jobset = '{JOBSET}'"
    ).fetchall() == [(5_599, 5_599)]


def test_listed_counts_equal_the_totals_in_every_cell(
    real: duckdb.DuckDBPyConnection,
) -> None:
    """Distinct packages of every last report in the statuses listed without exception, against its totals."""
    words = "('Failed', 'DependencyFailed', 'OutputLimitExceeded')"
    derived = f"""
        select
            p.evaluation_id::bigint as eval_id,
            i.system as platform,
            case i.status
                when 'failed' then 'Failed'
                when 'dependency-failed' then 'DependencyFailed'
                else 'OutputLimitExceeded'
            end as status,
            count(distinct regexp_extract(i.attr, '[^.]+$'))::integer as n
        from core.job_intervals as i
        inner join core.evaluation_systems as f
            on i.jobset = f.jobset and i.system = f.system and i.first_evaluation_id = f.evaluation_id
        inner join core.evaluation_systems as l
            on i.jobset = l.jobset and i.system = l.system and i.last_evaluation_id = l.evaluation_id
        inner join core.evaluation_systems as p on f.series = p.series and p.step between f.step and l.step
        where i.jobset = '{JOBSET}' and i.status in ('failed', 'dependency-failed', 'output-limit-exceeded')
        group by 1, 2, 3
    """
    # A platform that a last report leaves out stands with the report that covered it last.
    told = f"""
        with last as (
            from '{HASKELL}/platform_counts.parquet'
            qualify dense_rank() over (partition by eval_id, platform order by as_of desc, snapshot desc) = 1
        )
        select eval_id, platform, status, n from last where status in {words} and n > 0
    """
    assert histories.differences(real, derived, told) == (0, 0)
    cells = real.execute(f"select count(*) from ({told})").fetchall()[0][0]
    assert cells == 11_876


def test_other_counts_come_from_the_totals(real: duckdb.DuckDBPyConnection) -> None:
    ours = f"""
        select
            evaluation_id::bigint as eval_id,
            system,
            green_jobs,
            timed_out_jobs,
            unfinished_jobs,
            cancelled_jobs,
            total_jobs
        from core.evaluation_systems where jobset = '{JOBSET}'
    """
    theirs = f"""
        with last as (
            from '{HASKELL}/platform_counts.parquet'
            qualify dense_rank() over (partition by eval_id, platform order by as_of desc, snapshot desc) = 1
        )
        select
            eval_id,
            platform as system,
            coalesce(sum(n) filter (where status = 'Success'), 0)::bigint as green_jobs,
            coalesce(sum(n) filter (where status = 'TimedOut'), 0)::bigint as timed_out_jobs,
            coalesce(sum(n) filter (where status = 'Unfinished'), 0)::bigint as unfinished_jobs,
            coalesce(sum(n) filter (where status = 'Canceled'), 0)::bigint as cancelled_jobs,
            sum(n)::bigint as total_jobs
        from last
        group by eval_id, platform
    """
    assert histories.differences(real, ours, theirs) == (0, 0)


def test_broken_markers_end_two_thirds_of_own_failures(reference: duckdb.DuckDBPyConnection) -> None:
    assert reference.execute(
        f"""
        select system, count(*) filter (where outcome = 'marked_broken'), count(*)
        from core.failure_episodes
        where jobset = '{JOBSET}' and has_own_failure and cleared_at is not null
            and broken_at >= '2023-09-15' and broken_at < '2024-04-27'
        group by system
        order by system
        """
    ).fetchall() == [
        ("aarch64-darwin", 649, 974),
        ("aarch64-linux", 631, 951),
        ("x86_64-darwin", 655, 981),
        ("x86_64-linux", 690, 964),
    ]


def test_markers_change_neither_number_nor_end_of_episodes(reference: duckdb.DuckDBPyConnection) -> None:
    """Packages with several markers must not multiply episodes, and outside the window nothing is marked."""
    assert histories.differences(reference, EPISODES, REFERENCE) == (0, 0)
    assert reference.execute(
        "select count(*) from core.failure_episodes where outcome = 'marked_broken' and not "
        "(marked_at::date between broken_at::date and cleared_at::date)"
    ).fetchall() == [(0,)]
