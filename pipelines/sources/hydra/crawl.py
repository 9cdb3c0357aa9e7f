"""Crawls jobsets of a Hydra so that the cost follows what is new.

A run asks each jobset for its newest evaluations, learns in bulk what became of unfinished and failed builds,
and then works off its queue: new evaluations, constituents of aggregates, new builds (oldest first), builds that
were unfinished, failed ones that may have been restarted. Nothing known is asked for again: that a build which
succeeded was restarted, or given another derivation, is seen where a list that is asked for anyway says otherwise.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from pipelines.sources.hydra import polls
from pipelines.sources.hydra.client import Client
from pipelines.sources.hydra.decode import Build, Evaluation
from pipelines.sources.hydra.instance import Instance, JobsetConfig
from pipelines.sources.hydra.kept import Keeper
from pipelines.sources.hydra.outcomes import Failed, GaveUp, Gone, Stopped
from pipelines.sources.hydra.store import Store
from pipelines.sources.hydra.workqueue import DAY

RESUMED_SECONDS = 3600.0
"""A killed run that began within this time is gone on with; jobsets that it asked for are not asked for again."""
GIVEN_UP_SECONDS = 30 * DAY
"""A build unfinished for this long since it was first seen is asked for no more."""
ATTEMPTS = 5
"""Unusable answers, each in another run, after which something is given up; of status 500, two."""
NOTHING = "nixpkgs-health-asks-for-no-job"
"""A filter that matches no job spares the server the comparison of two evaluations; the JSON is the same."""

KINDS = ("eval", "constituents", "build", "refresh", "recheck")
"""Kinds of work in the order of their urgency. Constituents come before builds: one such answer holds many."""


@dataclass(frozen=True)
class Outcome:
    """What a run did."""

    requests: int
    states: int
    """States of builds that were not known before."""
    open_work: dict[str, int]
    """What is left to be asked, now or later, by kind."""
    problems: tuple[str, ...] = ()
    ended: str = "complete"
    gave_up: GaveUp | None = None
    is_stopped: bool = False
    """Whether the stop switch, the window of time or the end of the run ended it."""

    def sentence(self) -> str:
        """For the terminal."""
        left = sum(number for kind, number in self.open_work.items() if kind != "refresh")
        waiting = self.open_work.get("refresh", 0)
        return (
            f"{self.requests:,} requests, {self.states:,} new states of builds; {left:,} answers still to be asked "
            f"for, {waiting:,} builds unfinished; {self.ended}"
        )


@dataclass
class _Run:
    instance: Instance
    store: Store
    client: Client
    run: int
    keepers: dict[str, Keeper]
    """By the name under which the jobset is recorded."""
    problems: list[str] = field(default_factory=list)


def crawl(
    instance: Instance,
    jobsets: tuple[JobsetConfig, ...],
    store: Store,
    client: Client,
    recorded: frozenset[str] = frozenset(),
    progress: Callable[[str], None] = lambda _: None,
    *,
    is_doubtful: bool = False,
) -> Outcome:
    """Ask for what is new, and keep it in the store.

    `recorded` are the jobsets for which the log has evaluations: those keep their name when Hydra renamed them.
    `is_doubtful`: whether it answers at all is found out first, by one short attempt.
    A run that ends early (stop switch, window, `GaveUp`) says so in its outcome; what was answered is kept.
    """
    run = store.begin_run(" ".join(config.name for config in jobsets), client.clock.now(), RESUMED_SECONDS)
    state = _Run(instance, store, client, run, {})
    ended, gave_up, is_stopped = "complete", None, False
    try:
        if is_doubtful:
            client.probe()
        for config in jobsets:
            _poll(state, config, recorded, progress)
        for keeper in state.keepers.values():
            polls.ask_latest(client, keeper, run)
            polls.plan_rechecks(client, keeper, run)
        _work(state, progress)
    except GaveUp as error:
        ended, gave_up = str(error), error
    except Stopped as reason:
        ended, is_stopped = f"stopped: {reason}", True
    store.end_run(run, client.clock.now(), ended)
    states = sum(keeper.states for keeper in state.keepers.values())
    return Outcome(client.requests, states, store.counts(), tuple(state.problems), ended, gave_up, is_stopped)


def _poll(
    state: _Run, config: JobsetConfig, recorded: frozenset[str], progress: Callable[[str], None]
) -> None:
    progress(f"newest evaluations of {config.name}")
    client, store, instance = state.client, state.store, state.instance
    try:
        keeper = polls.newest(client, store, instance, config, recorded, state.run)
        if not config.big:
            polls.ask_errors(client, keeper, state.run)
    except (Gone, Failed) as error:
        if isinstance(error, Gone) and error.is_told:
            store.note_jobset_gone(config.name, client.clock.now())
            what = f"is not on {instance.source}: correct its name, or leave it out"
        else:
            failure = error if isinstance(error, Failed) else _not_believed(state, error)
            store.note_failure(config.name, str(failure), client.clock.now())
            what = f"could not be asked for its evaluations ({failure.what}): the next run tries again"
        state.problems.append(f"{config.name} {what}")
        known = store.recorded_name(config.name)
        if known is None:
            return
        # What is known to be missing of it is asked for all the same.
        keeper = Keeper(store, instance, config, *known)
    state.keepers.setdefault(keeper.name, keeper)


def _work(state: _Run, progress: Callable[[str], None]) -> None:
    names = list(state.keepers)
    while names:
        now = state.client.clock.now()
        due = ((kind, state.store.next_work(kind, names, state.run, now)) for kind in KINDS)
        kind, item = next(((kind, item) for kind, item in due if item), ("", None))
        if item is None:
            return
        number, name, attempts = item
        progress(f"{kind} {number} of {name}")
        try:
            _ask(state, state.keepers[name], kind, number)
        except Gone as error:
            # Constituents are something more about a build that is known: without them nothing is missing.
            if error.is_told or kind == "constituents":
                state.store.close_work(kind, number, "gone", "not found", state.client.clock.now())
            else:
                _failed(state, kind, number, attempts, _not_believed(state, error))
        except Failed as error:
            _failed(state, kind, number, attempts, error)


def _not_believed(state: _Run, error: Gone) -> Failed:
    """A 404 that Hydra itself did not tell is a failure: a page in front of it must not make anything gone."""
    state.client.count_failure(str(error))
    return Failed(str(error), "status 404 that is not Hydra's own")


def _failed(state: _Run, kind: str, number: int, attempts: int, error: Failed) -> None:
    now = state.client.clock.now()
    state.store.note_failure(f"{kind} {number}", str(error), now)
    limit = 2 if error.what == "status 500" else ATTEMPTS
    if attempts + 1 >= limit:
        state.store.close_work(kind, number, "given_up", error.what, now)
    else:
        delay = min(state.instance.refresh_seconds * 2**attempts, DAY)
        state.store.postpone(kind, number, state.run, now.timestamp() + delay)


def _ask(state: _Run, keeper: Keeper, kind: str, number: int) -> None:
    client, store = state.client, state.store
    if kind == "eval":
        answer = client.get(f"/eval/{number}?filter={NOTHING}", Evaluation)
        _same(number, answer.value.id, answer.path)
        with store.commit():
            store.finish("eval", number)
            if answer.value.hasnewbuilds:
                keeper.keep_evaluation(answer.value, answer.body, answer.path, answer.at)
        polls.ask_errors(client, keeper, state.run)
    elif kind == "constituents":
        answer = client.get(f"/build/{number}/constituents", polls.ROWS)
        with store.commit():
            store.finish("constituents", number)
            keeper.keep_constituents(number, answer.value, answer.path, answer.at)
    else:
        answer = client.get(f"/build/{number}", Build)
        _same(number, answer.value.id, answer.path)
        with store.commit():
            is_finished = keeper.keep_build(answer.value, answer.body, answer.path, answer.at)
            if kind == "recheck":
                store.finish("recheck", number)
            elif kind == "refresh" and not is_finished:
                _later(state, number)


def _later(state: _Run, number: int) -> None:
    now = state.client.clock.now()
    if now.timestamp() - state.store.first_seen(number) > GIVEN_UP_SECONDS:
        state.store.close_work("refresh", number, "given_up", "unfinished for 30 days", now)
    else:
        state.store.postpone_refresh(number, state.run, now, state.instance.refresh_seconds)


def _same(asked: int, answered: int, path: str) -> None:
    if asked != answered:
        raise Failed(path, f"an answer about {answered}")
