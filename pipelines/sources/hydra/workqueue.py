"""A crawl's file, its runs, and its queue: what is to be asked, when, and what was given up."""

import sqlite3
from collections.abc import Iterator, Sized
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from pipelines.errors import BadInput

VERSION = 1
DAY = 86400.0

_SCHEMA = """
-- `scope`: the jobsets that the run is for.
create table if not exists runs (
    run integer primary key, scope text not null, started_at real not null, ended_at real, reason text
);
-- What a run has done with, so that a killed one goes on where it was.
create table if not exists done (run integer, what text, primary key (run, what)) without rowid;
create table if not exists jobsets (
    configured text primary key, name text not null, canonical text not null, polled_at real,
    -- The page of evaluations that the walk of that run comes to next.
    next_page integer, walk_run integer
) without rowid;
create table if not exists evaluations (
    id integer primary key, jobset text not null, timestamp integer not null, members blob not null,
    -- 1: every older evaluation that the instance lists is here too.
    is_anchored integer not null, asked_at real not null, path text not null, body blob not null, errors text
);
create index if not exists evaluations_by_jobset on evaluations (jobset, id);
-- The newest state of each build, for deciding what to ask.
create table if not exists builds (
    id integer primary key, jobset text not null, job text not null, system text not null,
    finished integer not null, status integer, first_at real not null, asked_at real not null
);
create index if not exists builds_by_jobset on builds (jobset, id);
-- Every state in which a build was seen.
create table if not exists seen (
    build integer not null, asked_at real not null, path text not null, body blob not null,
    primary key (build, asked_at)
);
create table if not exists constituents (
    aggregate integer, constituent integer, primary key (aggregate, constituent)
) without rowid;
-- Jobs without a system in their name that turned out to be no aggregates.
create table if not exists plain_jobs (jobset text, job text, primary key (jobset, job)) without rowid;
create table if not exists work (
    kind text not null, id integer not null, jobset text not null, state text not null default 'open',
    attempts integer not null default 0, not_before real not null default 0, noted_at real, what text,
    -- The run that tried it last: no run tries anything twice.
    tried integer not null default 0,
    primary key (kind, id)
) without rowid;
create index if not exists work_by_state on work (state, kind, not_before, id);
create table if not exists gone_jobsets (configured text primary key, noted_at real not null) without rowid;
create table if not exists failures (asked_at real not null, path text not null, what text not null);
"""


class Queue:
    """The file with its runs and its queue. Every public method that changes it is one commit."""

    def __init__(self, path: Path) -> None:
        self.run = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.db = sqlite3.connect(path, isolation_level=None)
            self.db.execute("pragma journal_mode = wal")
            # A killed process loses nothing; after a power cut the last answers are asked for again.
            self.db.execute("pragma synchronous = normal")
            found = self.db.execute("pragma user_version").fetchone()[0]
            if found not in (0, VERSION):
                raise BadInput(
                    f"{path} has format {found}, this version reads {VERSION}: update the program."
                )
            self.db.executescript(_SCHEMA)
            self.db.execute(f"pragma user_version = {VERSION}")
        except sqlite3.DatabaseError as error:
            raise BadInput(
                f"{path} is no state of a crawl ({error}): move it away, and the crawl starts afresh."
            ) from error

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    @contextmanager
    def commit(self) -> Iterator[None]:
        """One commit around the block; nested blocks belong to the outermost."""
        if self.db.in_transaction:
            yield
            return
        self.db.execute("begin immediate")
        try:
            yield
        except BaseException:
            self.db.execute("rollback")
            raise
        self.db.execute("commit")

    # Runs

    def begin_run(self, scope: str, at: datetime, resumable_seconds: float) -> int:
        """Number of the run: a new one, or a killed one for the same jobsets begun within `resumable_seconds`."""
        last = self.db.execute(
            "select run, started_at, ended_at from runs where scope = ? order by run desc limit 1", (scope,)
        ).fetchone()
        now = at.timestamp()
        if last and last[2] is None and 0 <= now - last[1] <= resumable_seconds:
            self.run = last[0]
            return self.run
        with self.commit():
            self.db.execute("delete from done where run in (select run from runs where scope = ?)", (scope,))
            self.run = self.db.execute(
                "insert into runs (scope, started_at) values (?, ?) returning run", (scope, now)
            ).fetchone()[0]
        return self.run

    def begun(self, run: int) -> float:
        """When a run began, in seconds."""
        return self.db.execute("select started_at from runs where run = ?", (run,)).fetchone()[0]

    def end_run(self, run: int, at: datetime, reason: str) -> None:
        """The run ended by itself."""
        with self.commit():
            self.db.execute(
                "update runs set ended_at = ?, reason = ? where run = ?", (at.timestamp(), reason, run)
            )

    def is_done(self, run: int, what: str) -> bool:
        """Whether the run is done with something."""
        return bool(self.db.execute("select 1 from done where (run, what) = (?, ?)", (run, what)).fetchone())

    def mark_done(self, run: int, what: str) -> None:
        """The run is done with something."""
        with self.commit():
            self.db.execute("insert or ignore into done values (?, ?)", (run, what))

    # What is to be asked

    def queue(
        self, kind: str, id_: int, jobset: str, not_before: float = 0.0, *, is_tried: bool = False
    ) -> None:
        """Queue a piece of work that is not there yet; `is_tried`: not for this run."""
        with self.commit():
            self.db.execute(
                "insert or ignore into work (kind, id, jobset, not_before, tried) values (?, ?, ?, ?, ?)",
                (kind, id_, jobset, not_before, self.run if is_tried else 0),
            )

    def next_work(
        self, kind: str, jobsets: list[str], run: int, now: datetime
    ) -> tuple[int, str, int] | None:
        """Id, jobset and number of attempts of the oldest piece of work that is due and that the run has not
        tried; None if there is none."""
        return self.db.execute(
            f"select id, jobset, attempts from work where state = 'open' and kind = ? and not_before <= ? "
            f"and tried <> ? and jobset in ({marks(jobsets)}) order by id limit 1",
            (kind, now.timestamp(), run, *jobsets),
        ).fetchone()

    def finish(self, kind: str, id_: int) -> None:
        """A piece of work is done."""
        with self.commit():
            self.db.execute("delete from work where (kind, id) = (?, ?)", (kind, id_))

    def postpone(self, kind: str, id_: int, run: int, not_before: float) -> None:
        """A piece of work was tried by the run, and is tried again later."""
        with self.commit():
            self.db.execute(
                "update work set attempts = attempts + 1, tried = ?, not_before = ? where (kind, id) = (?, ?)",
                (run, not_before, kind, id_),
            )

    def postpone_refresh(self, id_: int, run: int, at: datetime, first_seconds: float) -> None:
        """An unfinished build is asked for again twice as late as the time before, at most after a day."""
        row = self.db.execute(
            "select attempts from work where (kind, id) = ('refresh', ?)", (id_,)
        ).fetchone()
        if row:
            self.postpone("refresh", id_, run, at.timestamp() + min(first_seconds * 2 ** (row[0] + 1), DAY))

    def close_work(self, kind: str, id_: int, state: str, what: str, at: datetime) -> None:
        """A piece of work ends as `gone` or `given_up`: kept, and told as a gap."""
        with self.commit():
            self.db.execute(
                "update work set state = ?, what = ?, noted_at = ? where (kind, id) = (?, ?)",
                (state, what, at.timestamp(), kind, id_),
            )

    def note_failure(self, path: str, what: str, at: datetime) -> None:
        """Record a request that failed."""
        with self.commit():
            self.db.execute("insert into failures values (?, ?, ?)", (at.timestamp(), path, what))

    def counts(self) -> dict[str, int]:
        """Pieces of open work by kind."""
        return dict(
            self.db.execute("select kind, count(*) from work where state = 'open' group by kind").fetchall()
        )


def marks(values: Sized) -> str:
    """Places for values in a query's `in (...)`."""
    return ", ".join("?" * len(values))
