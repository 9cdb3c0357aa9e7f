"""What is asked of a jobset as a whole: newest evaluations, errors, latest builds, and what to check again."""

import re
from datetime import datetime

import msgspec

from pipelines.sources.addresses import text_without_addresses
from pipelines.sources.hydra.answers import Page
from pipelines.sources.hydra.client import Client
from pipelines.sources.hydra.decode import Evaluation, Jobset, LatestBuild
from pipelines.sources.hydra.instance import Instance, JobsetConfig
from pipelines.sources.hydra.kept import Keeper
from pipelines.sources.hydra.outcomes import Failed, Gone, shaped
from pipelines.sources.hydra.store import Store

ROWS = list[msgspec.Raw]
"""An array whose items are kept as they came."""
MOST_LATEST = 500
"""Latest builds asked for at once; the server looks up the jobset of each."""
ROWS_PER_BUILD = 4
"""A row of the latest builds costs the server about a quarter of `/build/ID`."""
FEWEST_LATEST = 4
"""Builds for which a list is asked for at all."""
RECHECKED_EVALUATIONS = 3
"""Failed builds new in this many newest evaluations may have been restarted."""
RECHECK_SECONDS = 86400.0

_JOBSET = re.compile(r"/jobset/([^/?]+/[^/?]+)/")
_EVALUATION = re.compile(r"/eval/(\d{1,18})(?:[/?]|\Z)")


def newest(
    client: Client, store: Store, instance: Instance, config: JobsetConfig, recorded: frozenset[str], run: int
) -> Keeper:
    """Learn of a jobset's newest evaluations. Raises Gone, Failed, GaveUp, Stopped."""
    known = store.recorded_name(config.name)
    if known and store.is_done(run, f"newest {config.name}"):
        return Keeper(store, instance, config, *known)
    ask = _newest_finished if config.big else _walk
    keeper = ask(client, store, instance, config, recorded, run)
    store.mark_done(run, f"newest {config.name}")
    return keeper


def _walk(
    client: Client, store: Store, instance: Instance, config: JobsetConfig, recorded: frozenset[str], run: int
) -> Keeper:
    """Pages of evaluations, newest first, until one holds an evaluation that was there with all older ones.

    The pages of an interrupted walk hold what they held, or what was pushed down from the page before: going on
    with the next page misses nothing, and what is newer is found by the next walk.
    """
    known = store.recorded_name(config.name)
    page = store.next_page(config.name, run) or 1
    while True:
        canonical = known[1] if known else config.name
        path = f"/jobset/{canonical}/evals" + (f"?page={page}" if page > 1 else "")
        answer = client.get(path, Page)
        told = _JOBSET.match(answer.path)
        evaluations = [(shaped(raw, Evaluation, path), bytes(raw)) for raw in answer.value.evals]
        ids = [evaluation.id for evaluation, _ in evaluations]
        canonical = told[1] if told else canonical
        with store.commit():
            name = store.name_jobset(config.name, canonical, ids, recorded)
            keeper = Keeper(store, instance, config, name, canonical)
            is_end = answer.value.next is None or page >= config.pages or store.any_anchored(ids)
            for evaluation, raw in reversed(evaluations):
                if evaluation.hasnewbuilds and not store.has_evaluation(evaluation.id):
                    keeper.keep_evaluation(evaluation, raw, answer.path, answer.at)
                    store.mark_done(run, f"new evaluations {name}")
            store.set_next_page(config.name, None if is_end else page + 1, run, answer.at)
            if is_end:
                store.anchor(name)
        if is_end:
            return keeper
        known, page = (name, canonical), page + 1


def _newest_finished(
    client: Client, store: Store, instance: Instance, config: JobsetConfig, recorded: frozenset[str], run: int
) -> Keeper:
    known = store.recorded_name(config.name)
    canonical = known[1] if known else config.name
    number = None
    try:
        target, path = client.location(f"/jobset/{canonical}/latest-eval")
    except Gone as error:
        # So it is for a jobset without a finished evaluation; what the jobset is called is not told either.
        if not error.is_told:
            raise
        path = f"/jobset/{canonical}/"
    else:
        found = _EVALUATION.match(target)
        if not found:
            raise Failed(path, "a redirect to something that is no evaluation")
        number = int(found[1])
    told = _JOBSET.match(path)
    canonical = told[1] if told else canonical
    with store.commit():
        name = store.name_jobset(config.name, canonical, [number] if number else [], recorded)
        store.set_next_page(config.name, None, run, client.clock.now())
        if number and not store.has_evaluation(number):
            store.queue("eval", number, name)
            store.mark_done(run, f"new evaluations {name}")
    return Keeper(store, instance, config, name, canonical)


def ask_errors(client: Client, keeper: Keeper, run: int) -> None:
    """Text of the errors of the newest evaluation, once, when it is new; other evaluations' texts are not told."""
    store, done = keeper.store, f"errors {keeper.name}"
    if store.is_done(run, done) or not store.is_done(run, f"new evaluations {keeper.name}"):
        return
    try:
        answer = client.get(f"/jobset/{keeper.canonical}/errors", Jobset)
    except (Gone, Failed) as error:
        store.note_failure(f"/jobset/{keeper.canonical}/errors", str(error), client.clock.now())
    else:
        told = text_without_addresses(answer.value.errormsg or "")
        store.add_errors(keeper.name, answer.value.errortime, told or None)
    store.mark_done(run, done)


def ask_latest(client: Client, keeper: Keeper, run: int) -> None:
    """Learn from one list which of the builds that are due have changed, where that costs less than each.

    Those that have not changed are done with; those that have are asked for one by one, unless the jobset is
    configured to take results from the list.
    """
    store, done = keeper.store, f"latest {keeper.name}"
    if store.is_done(run, done):
        return
    now = client.clock.now()
    due = store.due_refreshes(keeper.name, run, now) | set(_may_be_restarted(keeper, now, run))
    if keeper.config.bulk:
        due |= store.new_builds(keeper.name)
    due, rows = _worth_listing(due, store.newest_builds(keeper.name, MOST_LATEST))
    if due:
        project, _, jobset = keeper.canonical.partition("/")
        try:
            answer = client.get(f"/api/latestbuilds?nr={rows}&project={project}&jobset={jobset}", ROWS)
            latest = _latest(keeper, answer.value, answer.path)
        except (Gone, Failed) as error:
            # The list only saves requests: without it each build is asked for.
            store.note_failure("/api/latestbuilds", str(error), client.clock.now())
            store.mark_done(run, done)
            return
        with store.commit():
            _compare(keeper, due, latest, answer.path, answer.at, run)
            _contradict(keeper, due, latest)
            store.mark_done(run, done)
        return
    store.mark_done(run, done)


def _worth_listing(due: set[int], newest_ids: list[int]) -> tuple[set[int], int]:
    """Which of the builds that are due to learn of from a list, and its number of rows: what saves the server most.

    `newest_ids`: highest ids of the jobset, highest first. As many rows as there are builds down to the lowest that
    is due are enough, since the list holds finished ones only.
    """
    best, least = 0, 0
    listed = 0
    for rows, number in enumerate(newest_ids, 1):
        listed += number in due
        saved = listed * ROWS_PER_BUILD - rows
        if number in due and listed >= FEWEST_LATEST and saved > best:
            best, least = saved, rows
    return due & set(newest_ids[:least]), least


def _latest(keeper: Keeper, raws: list[msgspec.Raw], path: str) -> dict[int, tuple[LatestBuild, bytes]]:
    rows = [(shaped(raw, LatestBuild, path), bytes(raw)) for raw in raws]
    return {
        row.id: (row, raw)
        for row, raw in rows
        if f"{row.project}/{row.jobset}" == keeper.canonical and row.finished
    }


def _compare(
    keeper: Keeper,
    due: set[int],
    latest: dict[int, tuple[LatestBuild, bytes]],
    path: str,
    at: datetime,
    run: int,
) -> None:
    store = keeper.store
    lowest = min(latest, default=None)
    for number in sorted(due):
        if lowest is None or number < lowest:
            continue
        state = store.newest_state(number)
        if number not in latest:
            # Finished builds alone are listed: it is still unfinished, or was restarted.
            if state and not state[0]:
                store.postpone_refresh(number, run, at, keeper.instance.refresh_seconds)
            continue
        row, raw = latest[number]
        if state and state[0] and state[1] == row.buildstatus:
            store.confirm(number, at)
        elif keeper.config.bulk:
            keeper.keep_build(row, raw, path, at)


def _contradict(keeper: Keeper, due: set[int], latest: dict[int, tuple[LatestBuild, bytes]]) -> None:
    """Queue builds known as finished that the list, as far down as it goes, leaves out or has with another status.

    They were restarted or given another derivation since: of those that succeeded, nothing else would tell. No list
    is longer than the number of builds looked at, so a wrong one costs no more requests than that.
    """
    if not latest:
        return
    for number, status in keeper.store.finished_builds(keeper.name, min(latest), MOST_LATEST):
        if number not in due and (number not in latest or latest[number][0].buildstatus != status):
            keeper.store.queue("recheck", number, keeper.name)


def plan_rechecks(client: Client, keeper: Keeper, run: int) -> None:
    """Queue failed builds that may have been restarted."""
    store, done = keeper.store, f"rechecks {keeper.name}"
    if store.is_done(run, done):
        return
    with store.commit():
        for number in _may_be_restarted(keeper, client.clock.now(), run):
            store.queue("recheck", number, keeper.name)
        store.mark_done(run, done)


def _may_be_restarted(keeper: Keeper, now: datetime, run: int) -> list[int]:
    """Failed builds not asked for within a day that are new in one of the newest evaluations and members of the
    newest one; failed aggregates of those evaluations also when they are not.

    Of an instance of one's own, which is asked without delay, also those asked for before a new evaluation.
    """
    store = keeper.store
    is_eager = keeper.instance.refresh_seconds == 0 and store.is_done(run, f"new evaluations {keeper.name}")
    asked_before = store.begun(run) if is_eager else now.timestamp() - RECHECK_SECONDS
    ids = store.newest_evaluations(keeper.name, RECHECKED_EVALUATIONS + 1)
    if not ids:
        return []
    # Where older evaluations are not known, which builds of the oldest are new is not known either.
    is_old = len(ids) > RECHECKED_EVALUATIONS or keeper.config.big
    old = store.members(ids[-1]) if is_old else set()
    recent = ids[:RECHECKED_EVALUATIONS]
    newest_members = store.members(recent[0])
    candidates = set().union(*(store.members(number) for number in recent)) - old
    failed = store.failed(keeper.name, asked_before) & candidates
    return sorted(number for number in failed if number in newest_members or store.has_constituents(number))
