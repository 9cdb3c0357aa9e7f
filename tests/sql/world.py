"""A small world drawn as a grid, one line a job and one column an answer of the source, turned into events.

    coverage failures_only           # what the source tells; default: full
    unit     job                     # what its totals count; default: job
    jobset   nixpkgs/trunk           # the default
    day      0    1    2    31.5     # when it was asked, in days from 2024-01-01; default: 0 1 2 ...
    id       1    2    3    4        # which evaluation it tells of; default: 1 2 3 ...
    occurred .    .    1.5  .        # the evaluation's own time, in days; default: never told
    arrives  1    1    3    2        # number of the batch that brings it; default: one for all
    revision a    b    .    c        # the evaluated commit, 40 times this digit; default: never told
    x86_64-linux hello        F    F=   .    S
    x86_64-linux +succeeded   100  100  100  99

A letter is a status (see LETTERS), `.` says that the job is not there and `-` that the answer does not cover
the system; one that covers none is a poll without a list. A status that differs from the one before is a new
build; `=` behind the letter keeps the build (it was restarted), `+` makes it another one. A source that lists
failures lists those in LISTED and, besides them, small letters; whatever else is drawn happened unseen, or is
seen in totals only. `name*25` stands for name1 to name25, and `F*15` for fifteen columns of F. Totals, where
a source gives them, are counted from the grid; a line whose name begins with `+` adds to those of a status,
and gives totals to a source that has none of its own.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from models.events import BuildObserved, EvaluationObserved, Event, MembershipChanged
from models.parts import MembershipRow, Total
from models.vocabulary import Cause, Change, Coverage, Unit
from pipelines.log.listings import row_hash

START = datetime(2024, 1, 1, tzinfo=UTC)
LETTERS: dict[str, tuple[str, Cause]] = {
    "S": ("succeeded", Cause.UNKNOWN),
    "F": ("failed", Cause.OWN),
    "U": ("failed", Cause.UNKNOWN),
    "D": ("dependency-failed", Cause.DEPENDENCY),
    "L": ("output-limit-exceeded", Cause.OWN),
    "M": ("output-limit-exceeded", Cause.DEPENDENCY),
    "N": ("output-limit-exceeded", Cause.UNKNOWN),
    "T": ("timed-out", Cause.UNKNOWN),
    "E": ("eval-error", Cause.UNKNOWN),
    "Q": ("queued", Cause.UNKNOWN),
    "R": ("running", Cause.UNKNOWN),
    "C": ("cancelled", Cause.UNKNOWN),
    "A": ("aborted", Cause.UNKNOWN),
    "B": ("broken-marked", Cause.UNKNOWN),
    "P": ("platform-refused", Cause.UNKNOWN),
    "?": ("on-holiday", Cause.UNKNOWN),
}
LISTED = {
    "full": ["all"],
    "failures_with_totals": ["failed", "dependency-failed", "output-limit-exceeded"],
    "failures_only": ["failed"],
    "named": [],
}
Job = tuple[str, str, str]
"""System, attribute, variant."""


@dataclass
class Answer:
    """One column."""

    place: int
    words: dict[str, str]
    listing: dict[Job, tuple[str, str]] = field(default_factory=dict)
    """Job -> (build, letter)."""
    totals: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(System, status) -> number of jobs, or of packages."""
    systems: set[str] = field(default_factory=set)

    @property
    def observed_at(self) -> datetime:
        return START + timedelta(days=float(self.words["day"]))

    @property
    def batch(self) -> int:
        """Number of the ingest call that brought it."""
        return int(self.words["arrives"])

    @property
    def order(self) -> tuple[int, datetime]:
        """The source's own order of answers."""
        return int(self.words["id"]), self.observed_at


def events(text: str, source: str) -> list[tuple[int, Event]]:
    """Events of a grid, each with the number of its batch."""
    lines = [_columns(line.partition("#")[0].split()) for line in text.splitlines()]
    said = {line[0]: line[1:] for line in lines if line and line[0] in ("coverage", "unit", "jobset")}
    coverage = said.get("coverage", ["full"])[0]
    unit = said.get("unit", ["job"])[0]
    jobset = said.get("jobset", ["nixpkgs/trunk"])[0]
    answers = _answers([line for line in lines if line and line[0] not in said], coverage, unit)
    found: list[tuple[int, Event]] = []
    arrived: list[Answer] = []
    facts: dict[str, tuple[str, Cause]] = {}
    for batch in sorted({answer.batch for answer in answers}):
        fresh = [answer for answer in answers if answer.batch == batch]
        for answer in sorted(fresh, key=lambda a: a.order):
            told = _told(answer, arrived, source, jobset, Coverage(coverage), Unit(unit))
            found += [(batch, event) for event in told]
            arrived += [answer] if answer.systems else []
        for answer in sorted(fresh, key=lambda a: a.observed_at):
            found += [(batch, event) for event in _facts(answer, facts, source, jobset)]
    return found


def _answers(lines: list[list[str]], coverage: str, unit: str) -> list[Answer]:
    rows = [line for line in lines if line[0] not in ("day", "id", "occurred", "arrives", "revision")]
    count = len(rows[0]) - 2
    rows = [copy for row in rows for copy in _copies(row)]
    numbers = [str(n) for n in range(count)]
    words = {
        "day": numbers,
        "id": [str(n + 1) for n in range(count)],
        "occurred": ["."] * count,
        "arrives": ["1"] * count,
        "revision": ["."] * count,
    }
    words |= {line[0]: line[1:] for line in lines if line[0] in words}
    answers = [Answer(n, {name: values[n] for name, values in words.items()}) for n in range(count)]
    counted: dict[int, set[tuple[str, str, str]]] = {n: set() for n in range(count)}
    for system, name, *letters in rows:
        assert len(letters) == count, f"{system} {name} has {len(letters)} columns instead of {count}"
        if name.startswith("+"):
            for answer, number in zip(answers, letters, strict=True):
                answer.totals[system, name[1:]] += int(number)
                answer.systems.add(system)
            continue
        attr, _, variant = name.partition("@")
        for answer, (build, letter) in zip(
            answers, _builds(f"{attr}{variant}.{system}", letters), strict=True
        ):
            if letter == "-":
                continue
            answer.systems.add(system)
            if letter == ".":
                continue
            status, _ = LETTERS[letter.upper()]
            counted[answer.place].add(
                (system, status, attr.rpartition(".")[2] if unit == "package" else name)
            )
            if coverage in ("full", "named") or status in LISTED[coverage] or letter.islower():
                answer.listing[system, attr, variant] = (build, letter.upper())
    for answer in answers:
        for system, status, _ in counted[answer.place]:
            answer.totals[system, status] += 1
        if coverage != "failures_with_totals" and not any(row[1].startswith("+") for row in rows):
            answer.totals.clear()
    return answers


def _columns(words: list[str]) -> list[str]:
    """A line with `F*15` written out."""
    parts = [(word, *word.partition("*")) for word in words[2:]]
    return words[:2] + [
        letter for word, one, _, times in parts for letter in ([one] * int(times) if times else [word])
    ]


def _copies(row: list[str]) -> Iterator[list[str]]:
    """A line of `name*25` once for each of its jobs."""
    name, star, times = row[1].partition("*")
    for number in range(1, int(times) + 1) if star else ():
        yield [row[0], f"{name}{number}", *row[2:]]
    if not star:
        yield row


def _builds(job: str, tokens: list[str]) -> Iterator[tuple[str, str]]:
    """Build and letter of every column."""
    number, before = 0, ""
    for token in tokens:
        letter = token[0]
        if letter not in ".-":
            number += token.endswith("+") or (letter.upper() != before.upper() and not token.endswith("="))
            before = letter
        yield f"{job}.{number}", letter


def _told(
    answer: Answer, arrived: list[Answer], source: str, jobset: str, coverage: Coverage, unit: Unit
) -> Iterator[Event]:
    """The observation, and how its list differs from that of the newest one that is there."""
    own = answer.words["occurred"]
    yield EvaluationObserved(
        id=_id(answer, source, jobset),
        source=source,
        jobset=jobset,
        observed_at=answer.observed_at,
        occurred_at=None if own == "." else START + timedelta(days=float(own)),
        evaluation_id=answer.words["id"],
        ordinal=int(answer.words["id"]),
        observation_key=f"o{answer.place}",
        revision=None if answer.words["revision"] == "." else answer.words["revision"] * 40,
        unit=unit,
        coverage=coverage,
        listed_statuses=LISTED[coverage],
        systems=sorted(answer.systems),
        listed_rows=len(answer.listing) if answer.systems else None,
        listing_checksum=checksum(
            (attr, system, variant, build) for (system, attr, variant), (build, _) in answer.listing.items()
        )
        if answer.systems
        else None,
        totals=[
            Total(system=system, source_status=status, status=status, n=n)
            for (system, status), n in sorted(answer.totals.items())
        ],
    )
    base = max(arrived, key=lambda other: other.order, default=None)
    before = base.listing if base else {}
    changes = [
        MembershipRow(
            system=job[0],
            attr=job[1],
            variant=job[2],
            change=Change.REBUILT if job in before else Change.LISTED,
            build_id=build,
        )
        for job, (build, _) in sorted(answer.listing.items())
        if job not in before or before[job][0] != build
    ]
    changes += [
        MembershipRow(system=job[0], attr=job[1], variant=job[2], change=Change.UNLISTED)
        for job in sorted(set(before) - set(answer.listing))
        if job[0] in answer.systems
    ]
    if changes:
        yield MembershipChanged(
            source=source,
            jobset=jobset,
            observed_at=answer.observed_at,
            observation_id=_id(answer, source, jobset),
            base_observation_id=_id(base, source, jobset) if base else None,
            changes=changes,
        )


def _facts(answer: Answer, known: dict[str, tuple[str, Cause]], source: str, jobset: str) -> Iterator[Event]:
    """Builds of the list whose status differs from the one seen before."""
    for (system, attr, variant), (build, letter) in sorted(answer.listing.items()):
        status, cause = LETTERS[letter]
        if known.get(build) != (status, cause):
            known[build] = (status, cause)
            yield BuildObserved(
                source=source,
                jobset=jobset,
                observed_at=answer.observed_at,
                build_id=build,
                attr=attr,
                system=system,
                variant=variant,
                evaluation_id=answer.words["id"],
                status=status,
                source_status=letter,
                is_finished=status not in ("queued", "running"),
                cause=cause,
            )


def _id(answer: Answer, source: str, jobset: str) -> str:
    return f"{source}:evaluation:{jobset}:{answer.words['id']}:o{answer.place}"


def checksum(rows: Iterable[tuple[str, str, str, str]]) -> int:
    """Sum of the hashes of (attr, system, variant, build) modulo 2^64, as a signed integer."""
    listing = pl.DataFrame(list(rows), schema=["attr", "system", "variant", "build_id"], orient="row")
    if listing.is_empty():
        return 0
    with np.errstate(over="ignore"):
        return int(row_hash(listing).sum(dtype=np.int64))
