"""Time-to-fix estimates on the real episodes of both histories, against other ways to compute them.

lifelines is the oracle of Kaplan-Meier and Greenwood. It breaks ties in competing outcomes with random
numbers, so cumulative incidence is compared with a walk written by hand.
"""

import math
import random
from collections import defaultdict
from collections.abc import Iterator

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from lifelines import KaplanMeierFitter
from lifelines.utils import qth_survival_time

from pipelines import relations, warehouse
from pipelines.estimates import intervals
from pipelines.paths import EXAMPLES, SQL
from pipelines.publish.pages import QUERIES
from tests import incidence

DAY = 86_400
Group = tuple[str, str, str]
"""Jobset, system and kind."""
Durations = dict[Group, list[tuple[int, str]]]
"""Whole seconds and outcome of every episode of a group."""
OF_GROUP = "(jobset, system, kind) = ($jobset, $system, $kind)"

# The real answers say "cleared" only, so outcomes are dealt out by evaluation, for the incidences to differ.
# Trunk takes the instants of the definition: the newest that does not run backwards.
EPISODES = """
    create table core.failure_episodes as
    with
        evaluations as (
            select
                eval_id,
                min(first_seen::timestamp) over (
                    order by eval_id rows between current row and unbounded following
                ) as evaluation_at
            from read_csv($evaluations)
            where jobset = 'trunk'
        ),
        episodes as (
            select
                'nixpkgs/haskell-updates' as jobset, attr, platform as system, broken_eval, broken_at,
                cleared_eval, cleared_at, had_own_failure as has_own_failure, left_censored
            from read_parquet($haskell)
            union all
            select
                'nixpkgs/trunk', job, system, broken_eval, began.evaluation_at, cleared_eval,
                ended.evaluation_at, true, left_censored
            from read_parquet($trunk) as reference
            join evaluations as began on began.eval_id = broken_eval
            left join evaluations as ended on ended.eval_id = cleared_eval
        )
    select
        $source as source,
        jobset,
        attr,
        system,
        broken_eval::varchar as broken_evaluation_id,
        broken_at::timestamptz as broken_at,
        cleared_at::timestamptz as cleared_at,
        case
            when cleared_eval is null then 'open'
            else ['cleared', 'fixed', 'removed', 'marked_broken'][1 + cleared_eval % 4]
        end as outcome,
        has_own_failure,
        left_censored as is_left_censored,
        false as is_provisional,
        max(greatest(broken_at, coalesce(cleared_at, broken_at)))
            over (partition by jobset, system)::timestamptz as observed_until_at
    from episodes
"""


@pytest.fixture(scope="module")
def real() -> Iterator[duckdb.DuckDBPyConnection]:
    histories = EXAMPLES / "histories"
    with warehouse.connect(":memory:") as con:
        con.execute("create schema core")
        con.execute(
            EPISODES,
            {
                "source": "hydra.nixos.org",
                "haskell": str(histories / "hydra-haskell-updates" / "episodes_reference.parquet"),
                "trunk": str(histories / "hydra-trunk-failures" / "episodes_reference.parquet"),
                "evaluations": str(histories / "hydra-trunk-failures" / "evaluations.csv"),
            },
        )
        con.execute(
            "create table core.evaluation_systems as "
            "select source, jobset, system, broken_evaluation_id as evaluation_id, "
            "broken_evaluation_id::bigint as ordinal, min(broken_at) as evaluation_at, true as is_complete "
            "from core.failure_episodes group by source, jobset, system, broken_evaluation_id"
        )
        loaded = relations.load(SQL)
        warehouse.build(con, loaded, only=[key for key in loaded if ".time_to_fix" in key])
        yield con


@pytest.fixture(scope="module")
def durations(real: duckdb.DuckDBPyConnection) -> Durations:
    found: Durations = defaultdict(list)
    for jobset, system, is_own, seconds, outcome in real.sql(
        "select jobset, system, has_own_failure, "
        "date_diff('second', broken_at, coalesce(cleared_at, observed_until_at)), outcome "
        "from core.failure_episodes where not is_left_censored"
    ).fetchall():
        for kind in ("all", "own" if is_own else "dependency"):
            found[jobset, system, kind].append((seconds, outcome))
    return found


@pytest.fixture(scope="module")
def fitters(durations: Durations) -> dict[Group, KaplanMeierFitter]:
    return {
        group: KaplanMeierFitter().fit(
            [seconds for seconds, _ in rows], [outcome != "open" for _, outcome in rows]
        )
        for group, rows in durations.items()
    }


def test_the_real_episodes_are_all_there(durations: Durations) -> None:
    sizes = {group[:2]: len(rows) for group, rows in durations.items() if group[2] == "all"}
    assert len(durations) == 20
    assert sizes["nixpkgs/haskell-updates", "x86_64-linux"] == 29_298
    left_censored = 318 + 3_038
    assert sum(sizes.values()) == 143_547 + 27_340 - left_censored


def test_kaplan_meier_and_greenwood_equal_lifelines(
    real: duckdb.DuckDBPyConnection, fitters: dict[Group, KaplanMeierFitter]
) -> None:
    for group, fitter in fitters.items():
        walk = _columns(
            real,
            "select duration_seconds, survival_ratio, greenwood_low, greenwood_high "
            f"from core.time_to_fix_walk where {OF_GROUP} order by duration_seconds",
            group,
        )
        survival = fitter.survival_function_.loc[walk[0]].to_numpy()[:, 0]
        np.testing.assert_allclose(walk[1], survival, rtol=0, atol=1e-9)
        # Where survival is 1 or 0 the formula says nothing: lifelines writes 1 or 0, we write null.
        inside = (survival > 1e-12) & (survival < 1 - 1e-12)
        assert inside.sum() > 50
        assert np.isnan(walk[2][~inside]).all()
        expected = fitter.confidence_interval_.loc[walk[0][inside]].to_numpy()
        np.testing.assert_allclose(np.stack(walk[2:4], axis=1)[inside], expected, rtol=0, atol=1e-9)


def test_the_figures_of_each_group_equal_lifelines(
    real: duckdb.DuckDBPyConnection, durations: Durations, fitters: dict[Group, KaplanMeierFitter]
) -> None:
    for group, episodes in durations.items():
        fitter = fitters[group]
        (figures,) = (
            real.sql(
                f"from metrics.time_to_fix where {OF_GROUP}",
                params=dict(zip(("jobset", "system", "kind"), group, strict=True)),
            )
            .to_arrow_table()
            .to_pylist()
        )
        assert figures["n"] == len(episodes)
        assert figures["open"] == sum(outcome == "open" for _, outcome in episodes)
        for name, level in (
            ("first_quartile_days", 0.75),
            ("median_days", 0.5),
            ("third_quartile_days", 0.25),
        ):
            assert figures[name] == pytest.approx(
                qth_survival_time(level, fitter.survival_function_) / DAY, abs=1e-9
            )
        for days in (1, 7, 30, 90):
            assert figures[f"ended_by_{days}d_ratio"] == pytest.approx(
                1 - fitter.predict(days * DAY), abs=1e-9
            )
        assert figures["restricted_mean_days"] == pytest.approx(
            _restricted_mean(fitter, 90 * DAY) / DAY, abs=1e-9
        )
        # One evaluation starts up to thousands of episodes: taking them as independent is far too sure.
        cautious = figures["ended_by_30d_ratio_high"] - figures["ended_by_30d_ratio_low"]
        plain = figures["ended_by_30d_ratio_greenwood_high"] - figures["ended_by_30d_ratio_greenwood_low"]
        assert cautious > 3 * plain
        assert (
            figures["ended_by_30d_ratio_low"]
            < figures["ended_by_30d_ratio"]
            < figures["ended_by_30d_ratio_high"]
        )


def test_the_median_of_30_days_before_equals_lifelines_on_what_had_begun_by_then(
    real: duckdb.DuckDBPyConnection, durations: Durations
) -> None:
    query = (QUERIES / "median_before.sql").read_text(encoding="utf-8")
    for jobset, system in sorted({group[:2] for group in durations}):
        series = {"source": "hydra.nixos.org", "jobset": jobset, "system": system}
        ((before_at, before_days),) = real.execute(query, series).fetchall()
        spans = real.execute(
            "select date_diff('second', broken_at, least(coalesce(cleared_at, $at), $at)), "
            "coalesce(cleared_at <= $at, false) from core.failure_episodes where broken_at <= $at "
            "and (source, jobset, system) = ($source, $jobset, $system) and not is_left_censored",
            {**series, "at": before_at},
        ).fetchall()
        fitter = KaplanMeierFitter().fit([span for span, _ in spans], [has_ended for _, has_ended in spans])
        assert before_days * DAY == pytest.approx(fitter.median_survival_time_)
        assert len(spans) < len(durations[jobset, system, "all"])


def test_cumulative_incidence_equals_a_walk_by_hand(
    real: duckdb.DuckDBPyConnection, durations: Durations
) -> None:
    for group, episodes in durations.items():
        expected = incidence.by_hand(episodes)
        walk = _columns(
            real,
            "select duration_seconds, fixed_ratio, cleared_ratio, removed_ratio, marked_broken_ratio "
            f"from core.time_to_fix_walk where {OF_GROUP} and ended > 0 order by duration_seconds",
            group,
        )
        assert walk[0].tolist() == list(expected)
        np.testing.assert_allclose(np.stack(walk[1:], axis=1), list(expected.values()), rtol=0, atol=1e-9)


def test_the_bootstrap_does_not_depend_on_the_order_of_rows_or_on_other_groups(
    real: duckdb.DuckDBPyConnection,
) -> None:
    rows = real.sql(relations.load(SQL)["core.time_to_fix_bootstrap"].sql).to_arrow_table()
    rows = rows.filter(pc.equal(rows["system"], "aarch64-darwin"))
    shuffled = rows.take(random.Random(1).sample(range(rows.num_rows), rows.num_rows))
    once = intervals.cluster_bootstrap(rows, draws=200)
    assert intervals.cluster_bootstrap(shuffled, draws=200).equals(once)
    alone = shuffled.filter(pc.equal(shuffled["jobset"], "nixpkgs/trunk"))
    assert intervals.cluster_bootstrap(alone, draws=200).equals(
        once.filter(pc.equal(once["jobset"], "nixpkgs/trunk"))
    )


def test_the_only_kind_there_is_has_the_intervals_of_all(real: duckdb.DuckDBPyConnection) -> None:
    select = "from core.time_to_fix_bootstrap where jobset = 'nixpkgs/trunk' and kind = '{}'"
    columns = "select system, measure, at_seconds, low, high "
    own, both = (
        real.sql(columns + select.format(kind) + " order by all").fetchall() for kind in ("own", "all")
    )
    assert own == both
    assert own


def test_threads_change_no_byte(real: duckdb.DuckDBPyConnection) -> None:
    loaded = relations.load(SQL)
    names = ("core.time_to_fix_walk", "metrics.time_to_fix", "metrics.time_to_fix_curve")
    for threads in (1, 4):
        real.execute(f"set threads = {threads}")
        for name in names:
            assert _bytes(real, loaded[name].sql) == _bytes(real, f"from {name}")


def _bytes(con: duckdb.DuckDBPyConnection, sql: str) -> bytes:
    sink = pa.BufferOutputStream()
    table = con.sql(sql).to_arrow_table().combine_chunks()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def _columns(con: duckdb.DuckDBPyConnection, sql: str, group: Group) -> list[np.ndarray]:
    table = con.sql(sql, params=dict(zip(("jobset", "system", "kind"), group, strict=True))).to_arrow_table()
    return [column.to_numpy() for column in table.columns]


def _restricted_mean(fitter: KaplanMeierFitter, until: int) -> float:
    times = [min(float(seconds), until) for seconds in fitter.survival_function_.index]
    shares = fitter.survival_function_.to_numpy()[:, 0]
    return math.fsum(
        share * (end - start)
        for share, start, end in zip(shares, times, [*times[1:], float(until)], strict=True)
    )
