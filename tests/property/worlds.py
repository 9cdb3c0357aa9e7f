"""Random small worlds, nastier than any real source: what happened, and how it was told.

60 jobs on up to three systems and 40 answers. Jobs change with a probability of 0.03 to 0.5 per evaluation,
12 % of the changes are removals; builds have up to three statuses of all classes at random delays, or never
end. Evaluations are asked again, first seen late, told at the same instant; lists are truncated or empty,
systems come and go, some answers have no list, some repeat a stale status.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import polars as pl

from models.events import ObservationRetracted
from pipelines.sources.base import Facts, Listing

SOURCE = "hydra.example"
SYSTEMS = ("aarch64-linux", "x86_64-darwin", "x86_64-linux")
JOBS, ANSWERS = 60, 40
COVERAGES = ("full", "failures_with_totals", "failures_only", "mixed")
"""`mixed`: failures with totals at first, full from some evaluation on."""
BEGINNING = datetime(2024, 1, 1, tzinfo=UTC)
UNFINISHED = ("queued", "running")
ENDINGS = (
    *["succeeded"] * 7,
    *["failed"] * 6,
    *["dependency-failed"] * 4,
    "output-limit-exceeded",
    "log-limit-exceeded",
    "timed-out",
    "timed-out",
    "aborted",
    "unsupported",
    "hash-mismatch",
    "broken-marked",
    "no-such-status",
)
LISTED = {
    "full": ["all"],
    "failures_with_totals": ["failed", "dependency-failed", "output-limit-exceeded"],
    "failures_only": ["failed"],
}

Job = tuple[str, str, str]
"""Attribute, system, variant."""
Seen = tuple[str, str, str]
"""Build, status, cause."""


@dataclass(frozen=True)
class Answer:
    """One observation as the source gave it."""

    id: str
    jobset: str
    evaluation_id: str
    ordinal: int
    observed_at: datetime
    occurred_at: datetime | None
    coverage: str
    systems: tuple[str, ...]
    has_list: bool
    totals: tuple[tuple[str, str, int], ...]
    """System, status, number."""
    rows: dict[Job, Seen]


@cache
def world(number: int) -> list[Answer]:
    """The answers of one world in order of observation. Not to be changed."""
    rng = np.random.default_rng(number)
    jobset = f"world/{number:03d}"
    kind = COVERAGES[number % len(COVERAGES)]
    jobs = _jobs(rng)
    change = float(rng.uniform(0.03, 0.5))
    order, instants = _order(rng)
    histories = _memberships(rng, jobs, change, max(order) + 1, 10_000 * number + 1)
    statuses = _Statuses(rng, float(rng.choice([0.0, 0.0, 0.002, 0.05])), kind == "failures_only")
    knows_time = bool(rng.random() < 0.3)
    full_from = int(rng.integers(5, 25))
    is_quiet = bool(rng.random() < 0.5)
    answers = []
    for n, (evaluation, observed_at) in enumerate(zip(order, instants, strict=True)):
        coverage = (
            kind if kind != "mixed" else ("full" if evaluation >= full_from else "failures_with_totals")
        )
        covered = tuple(s for s in SYSTEMS if rng.random() > (0.0 if is_quiet else 0.06))
        has_list = bool(rng.random() > 0.1)
        members = {
            job: statuses.at(build, n, rng)
            for job, build in histories[evaluation].items()
            if job[1] in covered
        }
        totals = _totals(members) if coverage == "failures_with_totals" and has_list else ()
        rows = _listed(rng, members, coverage) if has_list else {}
        key = hashlib.sha256(f"{jobset}:{n}".encode()).hexdigest()[:16]
        answers.append(
            Answer(
                id=f"{SOURCE}:evaluation:{jobset}:{1000 + 3 * evaluation}:{key}",
                jobset=jobset,
                evaluation_id=str(1000 + 3 * evaluation),
                ordinal=1000 + 3 * evaluation,
                observed_at=observed_at,
                occurred_at=BEGINNING + timedelta(hours=13 * evaluation) if knows_time else None,
                coverage=coverage,
                systems=covered if has_list else (),
                has_list=has_list,
                totals=totals,
                rows=rows,
            )
        )
    return answers


def _jobs(rng: np.random.Generator) -> list[Job]:
    systems = SYSTEMS[: int(rng.integers(1, 4))]
    names = [(f"pkg{n:02d}", system, "") for n in range(JOBS) for system in systems]
    chosen = [names[i] for i in sorted(rng.choice(len(names), JOBS, replace=False))]
    return [
        (attr, system, "cuda") if rng.random() < 0.1 else (attr, system, "") for attr, system, _ in chosen
    ]


def _order(rng: np.random.Generator) -> tuple[list[int], list[datetime]]:
    """Which evaluation each answer is about, and when it was asked; some evaluations come late."""
    order, newest = [], -1
    skipped: list[int] = []
    for _ in range(ANSWERS):
        draw = rng.random()
        if newest < 0 or draw < 0.7:
            newest += 1
            if newest > 0 and rng.random() < 0.08:
                skipped.append(newest)
                newest += 1
            order.append(newest)
        elif skipped and draw < 0.8:
            order.append(skipped.pop(int(rng.integers(len(skipped)))))
        else:
            order.append(int(rng.choice(order[-6:])))
    pace = float(rng.choice([3.0, 15.0, 60.0]))
    steps = np.where(rng.random(ANSWERS) < 0.1, 0.0, rng.uniform(0.5, 2.0, ANSWERS) * pace)
    return order, [BEGINNING + timedelta(minutes=int(m)) for m in np.cumsum(np.round(steps * 60))]


def _memberships(
    rng: np.random.Generator, jobs: Sequence[Job], change: float, evaluations: int, next_build: int
) -> list[dict[Job, str]]:
    """Jobs and builds of every evaluation; builds are numbered from `next_build`."""
    build_of: dict[Job, str] = {}
    present: dict[Job, bool] = {}
    returns = float(rng.choice([0.02, 0.08, 0.3]))
    result = []
    for evaluation in range(evaluations):
        for job in jobs:
            draw = rng.random()
            is_there = present.get(job, False)
            if (evaluation == 0 and draw < 0.8) or (is_there and draw < change * 0.88):
                build_of[job], present[job] = str(next_build), True
                next_build += 1
            elif is_there and draw < change:
                present[job] = False
            elif evaluation > 0 and not is_there and draw < returns:
                if job not in build_of or rng.random() < 0.5:
                    build_of[job] = str(next_build)
                    next_build += 1
                present[job] = True
        result.append({job: build_of[job] for job in jobs if present.get(job)})
    return result


class _Statuses:
    """What a build is in at each answer: up to three statuses, each from some answer on."""

    def __init__(self, rng: np.random.Generator, unfinished: float, mostly_failed: bool) -> None:
        self._rng = rng
        self._endings = [*ENDINGS, *["failed"] * (30 if mostly_failed else 0)]
        if unfinished:
            self._endings.append("cancelled")
        self._unfinished = unfinished
        self._of: dict[str, list[tuple[int, str]]] = {}
        self._causes: dict[str, str] = {}

    def at(self, build: str, answer: int, rng: np.random.Generator) -> Seen:
        """Build, status and cause; in one of 30 cases the status that it had one answer before."""
        if build not in self._of:
            self._of[build] = self._drawn(answer)
            self._causes[build] = "unknown" if self._rng.random() < 0.15 else "own"
        asked = answer - int(rng.random() < 0.03)
        status = [word for since, word in self._of[build] if since <= max(asked, self._of[build][0][0])][-1]
        if status == "dependency-failed":
            return build, status, "dependency"
        return build, status, self._causes[build] if status == "failed" else "unknown"

    def _drawn(self, answer: int) -> list[tuple[int, str]]:
        if self._rng.random() < self._unfinished:
            return [(answer, UNFINISHED[self._rng.integers(len(UNFINISHED))])]
        first = UNFINISHED[0] if self._rng.random() < 4 * self._unfinished else None
        # What `choice` draws, without the array that it makes of the words every time.
        count = (1, 1, 1, 2, 3)[self._rng.integers(5)]
        words = [self._endings[at] for at in self._rng.integers(len(self._endings), size=count)]
        since, drawn = answer, []
        for word in ([first] if first else []) + words:
            drawn.append((since, word))
            since += int(self._rng.geometric(0.25))
        return drawn


def _totals(members: dict[Job, Seen]) -> tuple[tuple[str, str, int], ...]:
    counts: dict[tuple[str, str], int] = {}
    for (_, system, _), (_, status, _) in members.items():
        counts[system, status] = counts.get((system, status), 0) + 1
    return tuple((system, status, n) for (system, status), n in sorted(counts.items()))


def _listed(rng: np.random.Generator, members: dict[Job, Seen], coverage: str) -> dict[Job, Seen]:
    """The rows that the source names; one list in eight is truncated on one system or on all."""
    words = LISTED[coverage]
    rows = {
        job: seen
        for job, seen in members.items()
        if words == ["all"] or seen[1] in words or (coverage == "failures_with_totals" and rng.random() < 0.1)
    }
    if rng.random() < 0.12:
        cut = (str(rng.choice(SYSTEMS)),) if rng.random() < 0.6 else SYSTEMS
        kept = float(rng.choice([0.0, 0.3, 0.7]))
        rows = {job: seen for job, seen in rows.items() if job[1] not in cut or rng.random() < kept}
    return rows


def retraction(answer: Answer) -> ObservationRetracted:
    """The source takes an answer back, a day later."""
    return ObservationRetracted(
        id=f"{answer.id}:retracted",
        source=SOURCE,
        observed_at=answer.observed_at + timedelta(days=1),
        observation_id=answer.id,
        reason="asked the wrong machine",
    )


def facts(answers: Sequence[Answer], known: set[str]) -> Facts:
    """What a source yields of the answers that it was given: those not known yet, each once."""
    fresh = list({answer.id: answer for answer in answers if answer.id not in known}.values())
    jobsets = sorted({answer.jobset for answer in fresh if answer.has_list})
    return Facts(
        SOURCE,
        frames={"evaluation_observed": _observed(fresh)} if fresh else {},
        listings=[
            _listing(jobset, [a for a in fresh if a.jobset == jobset and a.has_list]) for jobset in jobsets
        ],
    )


def _observed(answers: Sequence[Answer]) -> pl.DataFrame:
    rows = [
        {
            "id": a.id,
            "source": SOURCE,
            "jobset": a.jobset,
            "evaluation_id": a.evaluation_id,
            "ordinal": a.ordinal,
            "observation_key": a.id.rsplit(":", 1)[1],
            "observed_at": a.observed_at,
            "occurred_at": a.occurred_at,
            "unit": "job",
            "coverage": a.coverage,
            "listed_statuses": LISTED[a.coverage],
            "systems": list(a.systems),
            "totals": [
                {"system": system, "source_status": status, "status": status, "n": n}
                for system, status, n in a.totals
            ],
        }
        for a in answers
    ]
    total = pl.Struct({"system": pl.String, "source_status": pl.String, "status": pl.String, "n": pl.Int64})
    instant = pl.Datetime("us", "UTC")
    types = {
        "occurred_at": instant,
        "observed_at": instant,
        "systems": pl.List(pl.String),
        "totals": pl.List(total),
    }
    return pl.DataFrame(rows, schema_overrides=types)


def _listing(jobset: str, answers: Sequence[Answer]) -> Listing:
    seen = [(n, job, row) for n, answer in enumerate(answers) for job, row in answer.rows.items()]
    builds = {(*job, build): 0 for _, job, (build, _, _) in seen}
    builds = {key: n for n, key in enumerate(builds)}
    words = {(status, cause): 0 for _, _, (_, status, cause) in seen}
    words = {key: n for n, key in enumerate(words)}
    return Listing(
        source=SOURCE,
        jobset=jobset,
        observations=pl.DataFrame(
            {
                "id": [a.id for a in answers],
                "evaluation_id": [a.evaluation_id for a in answers],
                "ordinal": [a.ordinal for a in answers],
                "observed_at": [a.observed_at for a in answers],
                "systems": [list(a.systems) for a in answers],
            },
            schema_overrides={"observed_at": pl.Datetime("us", "UTC"), "systems": pl.List(pl.String)},
        ),
        builds=pl.DataFrame(
            list(builds),
            schema=dict.fromkeys(["attr", "system", "variant", "build_id"], pl.String),
            orient="row",
        ),
        statuses=pl.DataFrame(
            [(status, status, status not in UNFINISHED, cause) for status, cause in words],
            schema={
                "source_status": pl.String,
                "status": pl.String,
                "is_finished": pl.Boolean,
                "cause": pl.String,
            },
            orient="row",
        ),
        rows=pl.DataFrame(
            {
                "observation": [n for n, _, _ in seen],
                "build": [builds[(*job, build)] for _, job, (build, _, _) in seen],
                "status": [words[status, cause] for _, _, (_, status, cause) in seen],
            },
            schema=dict.fromkeys(["observation", "build", "status"], pl.UInt32),
        ),
    )
