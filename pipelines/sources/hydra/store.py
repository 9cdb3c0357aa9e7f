"""What a crawl knows: one SQLite file for each instance.

Every change that follows from one answer is one commit, so a process that is killed loses at most the answer it
waited for. Raw answers are kept (compressed, with path and time): a later correction needs no new crawl.
Nothing is ever deleted but a piece of work that is done. One process at a time writes.
"""

import zlib
from array import array
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import msgspec

from pipelines.sources.hydra.answers import State
from pipelines.sources.hydra.decode import Build, Evaluation, LatestBuild
from pipelines.sources.hydra.workqueue import Queue, marks


class Store(Queue):
    """What was answered, in the file of the queue."""

    # Jobsets

    def recorded_name(self, configured: str) -> tuple[str, str] | None:
        """Name under which a configured jobset is recorded, and the name that Hydra gave it last."""
        return self.db.execute(
            "select name, canonical from jobsets where configured = ?", (configured,)
        ).fetchone()

    def name_jobset(
        self, configured: str, canonical: str, evaluations: list[int], recorded: frozenset[str]
    ) -> str:
        """Settle the name under which a jobset is recorded: the one under which anything of it is recorded, so
        that a renamed jobset goes on, else the one that Hydra gives it."""
        known = self.recorded_name(configured)
        name = known[0] if known else self._name_of(evaluations)
        if name is None:
            has_own = self.db.execute(
                "select 1 from evaluations where jobset = ? limit 1", (configured,)
            ).fetchone()
            name = configured if configured in recorded or has_own else canonical
        with self.commit():
            self.db.execute(
                "insert into jobsets (configured, name, canonical) values (?, ?, ?) "
                "on conflict do update set canonical = excluded.canonical",
                (configured, name, canonical),
            )
            self.db.execute("delete from gone_jobsets where configured = ?", (configured,))
        return name

    def _name_of(self, evaluations: list[int]) -> str | None:
        for number in evaluations:
            if found := self.db.execute("select jobset from evaluations where id = ?", (number,)).fetchone():
                return found[0]
        return None

    def next_page(self, configured: str, run: int) -> int | None:
        """Page to which the run's own walk came before its process was killed."""
        row = self.db.execute(
            "select next_page from jobsets where configured = ? and walk_run = ?", (configured, run)
        ).fetchone()
        return row[0] if row else None

    def set_next_page(self, configured: str, page: int | None, run: int, at: datetime) -> None:
        """The walk comes to this page next; None: it is at its end."""
        with self.commit():
            self.db.execute(
                "update jobsets set next_page = ?, walk_run = ?, polled_at = ? where configured = ?",
                (page, run, at.timestamp(), configured),
            )

    def note_jobset_gone(self, configured: str, at: datetime) -> None:
        """The instance has no such jobset."""
        with self.commit():
            self.db.execute("insert or ignore into gone_jobsets values (?, ?)", (configured, at.timestamp()))

    # Evaluations

    def add_evaluation(
        self, jobset: str, evaluation: Evaluation, body: bytes, path: str, at: datetime
    ) -> None:
        """Keep an evaluation, and queue those of its members that are not known."""
        members = array("q", sorted(set(evaluation.builds)))
        with self.commit():
            self.db.execute(
                "insert or ignore into evaluations values (?, ?, ?, ?, 0, ?, ?, ?, null)",
                (
                    evaluation.id, jobset, evaluation.timestamp, zlib.compress(members.tobytes()),
                    at.timestamp(), path, zlib.compress(body),
                ),
            )  # fmt: skip
            self.db.executemany(
                "insert or ignore into work (kind, id, jobset) values ('build', ?, ?)",
                [(build, jobset) for build in members if not self.knows(build)],
            )

    def add_errors(self, jobset: str, evaluated: int | None, text: str | None) -> None:
        """Text of the errors of the evaluation that Hydra made at that time."""
        with self.commit():
            self.db.execute(
                "update evaluations set errors = ? where jobset = ? and timestamp = ?",
                (text, jobset, evaluated),
            )

    def anchor(self, jobset: str) -> None:
        """All evaluations kept of a jobset are there with every older one."""
        with self.commit():
            self.db.execute("update evaluations set is_anchored = 1 where jobset = ?", (jobset,))

    def any_anchored(self, evaluations: list[int]) -> bool:
        """Whether one of them is there with every older one."""
        query = "select 1 from evaluations where id = ? and is_anchored"
        return any(self.db.execute(query, (number,)).fetchone() for number in evaluations)

    def has_evaluation(self, evaluation: int) -> bool:
        """Whether an evaluation is kept."""
        return bool(self.db.execute("select 1 from evaluations where id = ?", (evaluation,)).fetchone())

    def members(self, evaluation: int) -> set[int]:
        """Builds of an evaluation."""
        row = self.db.execute("select members from evaluations where id = ?", (evaluation,)).fetchone()
        return set(unpack(row[0])) if row else set()

    def newest_evaluations(self, jobset: str, number: int) -> list[int]:
        """Ids of a jobset's newest evaluations, newest first."""
        query = "select id from evaluations where jobset = ? order by id desc limit ?"
        return [row[0] for row in self.db.execute(query, (jobset, number))]

    def missed(self, jobset: str, evaluations: list[int]) -> list[int]:
        """Those between the oldest and the newest kept of a jobset that are not kept themselves."""
        low, high = self.db.execute(
            "select min(id), max(id) from evaluations where jobset = ?", (jobset,)
        ).fetchone()
        if low is None:
            return []
        return [number for number in evaluations if low < number < high and not self.has_evaluation(number)]

    def evaluation_text(self, evaluation: int) -> tuple[bytes, str | None]:
        """The kept answer about an evaluation, and the text of its errors."""
        body, errors = self.db.execute(
            "select body, errors from evaluations where id = ?", (evaluation,)
        ).fetchone()
        return zlib.decompress(body), errors

    # Builds

    def add_build(
        self, jobset: str, build: Build | LatestBuild, body: bytes, path: str, at: datetime
    ) -> bool:
        """Keep a build's state if it is new; whether it was."""
        asked = at.timestamp()
        with self.commit():
            old = self.db.execute("select first_at from builds where id = ?", (build.id,)).fetchone()
            last = self.db.execute(
                "select body from seen where build = ? order by asked_at desc limit 1", (build.id,)
            ).fetchone()
            self.db.execute(
                "insert or replace into builds values (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    build.id, jobset, build.job, build.system, build.finished, build.buildstatus,
                    old[0] if old else asked, asked,
                ),
            )  # fmt: skip
            self.db.execute("delete from work where kind = 'build' and id = ?", (build.id,))
            is_new = last is None or State.of(zlib.decompress(last[0])) != State.of(body)
            if is_new:
                self.db.execute(
                    "insert or replace into seen values (?, ?, ?, ?)",
                    (build.id, asked, path, zlib.compress(body)),
                )
        return is_new

    def add_constituents(self, aggregate: int, constituents: Iterable[int]) -> None:
        """Keep which builds an aggregate waits for."""
        with self.commit():
            self.db.executemany(
                "insert or ignore into constituents values (?, ?)", ((aggregate, one) for one in constituents)
            )

    def confirm(self, build: int, at: datetime) -> None:
        """A build was seen in the state in which it was."""
        with self.commit():
            self.db.execute("update builds set asked_at = ? where id = ?", (at.timestamp(), build))

    def knows(self, build: int) -> bool:
        """Whether a build was seen, or is queued, or was given up."""
        return bool(
            self.db.execute(
                "select 1 from builds where id = ?1 union all select 1 from work where kind = 'build' and id = ?1",
                (build,),
            ).fetchone()
        )

    def newest_state(self, build: int) -> tuple[int, int | None] | None:
        """`finished` and status of a build as last seen."""
        return self.db.execute("select finished, status from builds where id = ?", (build,)).fetchone()

    def sightings(self, jobsets: list[str]) -> list[tuple[int, float]]:
        """Every build of the jobsets, and each time at which it was seen in another state."""
        return self.db.execute(
            "select s.build, s.asked_at from seen s join builds b on b.id = s.build "
            f"where b.jobset in ({marks(jobsets)})",
            jobsets,
        ).fetchall()

    def states(self, jobsets: list[str], builds: list[int]) -> Iterator[tuple[str, float, str, bytes]]:
        """Every state in which these builds of the jobsets were seen: jobset, time, path, answer."""
        rows = self.db.execute(
            "select b.jobset, s.asked_at, s.path, s.body "
            "from json_each(?) w join builds b on b.id = w.value join seen s on s.build = b.id "
            f"where b.jobset in ({marks(jobsets)}) order by s.build, s.asked_at",
            [msgspec.json.encode(builds).decode(), *jobsets],
        )
        return ((jobset, asked, path, zlib.decompress(body)) for jobset, asked, path, body in rows)

    def first_seen(self, build: int) -> float:
        """When a build was first seen, in seconds."""
        return self.db.execute("select first_at from builds where id = ?", (build,)).fetchone()[0]

    def newest_builds(self, jobset: str, number: int) -> list[int]:
        """Highest ids of builds of a jobset, seen or queued, highest first."""
        rows = self.db.execute(
            "select id from builds where jobset = ?1 union select id from work where kind = 'build' and jobset = ?1 "
            "order by id desc limit ?2",
            (jobset, number),
        )
        return [row[0] for row in rows]

    def finished_builds(self, jobset: str, lowest: int, number: int) -> list[tuple[int, int | None]]:
        """Highest builds of a jobset, down to an id, that were finished when last seen, and their status."""
        query = (
            "select id, status from builds where jobset = ? and id >= ? and finished order by id desc limit ?"
        )
        return self.db.execute(query, (jobset, lowest, number)).fetchall()

    def new_builds(self, jobset: str) -> set[int]:
        """Builds of a jobset that were never seen."""
        rows = self.db.execute(
            "select id from work where kind = 'build' and jobset = ? and state = 'open'", (jobset,)
        )
        return {row[0] for row in rows}

    def due_refreshes(self, jobset: str, run: int, now: datetime) -> set[int]:
        """Unfinished builds of a jobset that are to be asked for again."""
        rows = self.db.execute(
            "select id from work where kind = 'refresh' and jobset = ? and state = 'open' and not_before <= ? "
            "and tried <> ?",
            (jobset, now.timestamp(), run),
        )
        return {row[0] for row in rows}

    def failed(self, jobset: str, asked_before: float) -> set[int]:
        """Finished builds of a jobset that did not succeed and were last asked for before that time."""
        rows = self.db.execute(
            "select id from builds where jobset = ? and finished and status <> 0 and asked_at <= ?",
            (jobset, asked_before),
        )
        return {row[0] for row in rows}

    # Aggregates

    def has_constituents(self, build: int) -> bool:
        """Whether a build is known to be an aggregate."""
        return bool(self.db.execute("select 1 from constituents where aggregate = ?", (build,)).fetchone())

    def is_plain_job(self, jobset: str, job: str) -> bool:
        """Whether a job without a system in its name is known to be no aggregate."""
        return bool(
            self.db.execute("select 1 from plain_jobs where (jobset, job) = (?, ?)", (jobset, job)).fetchone()
        )

    def note_plain_job(self, build: int) -> None:
        """The job of a build is no aggregate: the rest of its builds need not be asked."""
        with self.commit():
            self.db.execute(
                "insert or ignore into plain_jobs select jobset, job from builds where id = ?", (build,)
            )
            self.db.execute(
                "delete from work where kind = 'constituents' and id in (select b.id from builds b join builds a "
                "on (a.jobset, a.job) = (b.jobset, b.job) where a.id = ?)",
                (build,),
            )


def unpack(members: bytes) -> array:
    """Ids as they are kept in `evaluations.members`, sorted."""
    return array("q", zlib.decompress(members))


def instant(seconds: float) -> datetime:
    """An instant of the store as UTC time."""
    return datetime.fromtimestamp(seconds, UTC)
