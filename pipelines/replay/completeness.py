"""Completeness of failure lists that come without totals: the definition of `replay.list_verdicts`.

The thresholds reproduce the 52 flags that the authors of the trunk history gave by hand-checked rule; the
verdict made at once has precision 1.00 and recall 0.90 against them.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

LOOKAHEAD = 15
"""Later evaluations after which a verdict is final."""
SAME_BUILD_JOBS, SAME_BUILD_SHARE = 5, 0.02
RETURNED_JOBS, RETURNED_SHARE = 20, 0.10
AT_ONCE_JOBS, AT_ONCE_SHARE = 20, 0.60
CHAINS = ("published", "lookahead")


@dataclass(frozen=True)
class Evidence:
    """What the lists around an evaluation say about it; numbers of jobs."""

    listed: int
    listed_before: int
    vanished: int
    returned_same_build: int
    returned: int

    @property
    def incomplete_by_lookahead(self) -> bool:
        """Enough failures vanished and came back."""
        p = self.listed_before
        return (
            self.returned_same_build >= SAME_BUILD_JOBS and self.returned_same_build >= SAME_BUILD_SHARE * p
        ) or (self.returned >= RETURNED_JOBS and self.returned >= RETURNED_SHARE * p)

    @property
    def incomplete_at_once(self) -> bool:
        """The list shrank too much to be believed."""
        return self.vanished >= AT_ONCE_JOBS and self.listed < AT_ONCE_SHARE * self.listed_before


def list_verdicts(runs: pa.Table) -> pa.Table:
    """Columns series, step, job, build_id, first_step, last_step in (job null: nothing begins there)."""
    frame: pl.DataFrame = pl.from_arrow(runs)  # type: ignore[assignment]
    rows = []
    for (series,), part in sorted(frame.partition_by("series", as_dict=True).items()):
        builds = presence(part.drop_nulls("job"), int(part["step"].max()))  # type: ignore[arg-type]
        for chain in CHAINS:
            rows += [(series, chain, *verdict) for verdict in judge(builds, chain)]
    names = [
        "series",
        "chain",
        "step",
        "listed_jobs",
        "listed_before",
        "vanished_jobs",
        "returned_same_build",
        "returned_jobs",
    ]
    flags = ["is_incomplete_by_lookahead", "is_incomplete_at_once", "is_incomplete", "is_final"]
    schema = {name: pl.String if name == "chain" else pl.Int32 for name in names} | dict.fromkeys(
        flags, pl.Boolean
    )
    return pl.DataFrame(rows, schema=schema, orient="row").to_arrow()


def presence(runs: pl.DataFrame, steps: int) -> np.ndarray:
    """Matrix [job, step] of build numbers from 1, 0 where a job is not listed."""
    job = runs["job"].rank("dense").to_numpy().astype(np.int64) - 1
    build = runs["build_id"].rank("dense").to_numpy().astype(np.int32)
    matrix = np.zeros((int(job.max()) + 1 if len(job) else 0, steps), dtype=np.int32)
    for row, number, first, last in zip(
        job, build, runs["first_step"].to_numpy(), runs["last_step"].to_numpy(), strict=True
    ):
        matrix[row, first - 1 : last] = number
    return matrix


def judge(builds: np.ndarray, chain: str) -> list[tuple]:
    """Verdict of every step in order: (step, the five numbers of Evidence, three verdicts, final)."""
    steps = builds.shape[1]
    first = Evidence(int((builds[:, 0] > 0).sum()), 0, 0, 0, 0)
    verdicts: list[tuple] = [_row(0, first, False, True)]
    before, before_is_final = 0, True
    for step in range(1, steps):
        seen = evidence(builds, before, step)
        decided = steps - 1 - step >= LOOKAHEAD or seen.incomplete_by_lookahead
        is_incomplete = seen.incomplete_by_lookahead or (
            chain == "published" and not decided and seen.incomplete_at_once
        )
        final = decided and before_is_final
        verdicts.append(_row(step, seen, is_incomplete, final))
        if not is_incomplete:
            before, before_is_final = step, final
        else:
            before_is_final = before_is_final and final
    return verdicts


def evidence(builds: np.ndarray, before: int, step: int) -> Evidence:
    """Compare the list of `step` with that of `before`, and look up to 15 evaluations ahead."""
    earlier, here = builds[:, before], builds[:, step]
    gone = (earlier > 0) & (here == 0)
    later = builds[gone, step + 1 : step + 1 + LOOKAHEAD]
    return Evidence(
        listed=int((here > 0).sum()),
        listed_before=int((earlier > 0).sum()),
        vanished=int(gone.sum()),
        returned_same_build=int((later == earlier[gone][:, None]).any(axis=1).sum()),
        returned=int((later > 0).any(axis=1).sum()),
    )


def _row(step: int, seen: Evidence, is_incomplete: bool, final: bool) -> tuple:
    return (
        step + 1,
        seen.listed,
        seen.listed_before,
        seen.vanished,
        seen.returned_same_build,
        seen.returned,
        seen.incomplete_by_lookahead,
        seen.incomplete_at_once,
        is_incomplete,
        final,
    )
