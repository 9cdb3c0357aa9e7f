"""What a world's observations mean, worked out in plain Python from the definitions: no SQL, no shared code.

Slow and direct on purpose. Every table is a list of tuples in the order of the columns named beside it.
"""

from collections import defaultdict
from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.property.worlds import Answer, Job

GREEN = {"succeeded"}
OWN = {
    "failed",
    "failed-with-output",
    "hash-mismatch",
    "not-deterministic",
    "log-limit-exceeded",
    "output-limit-exceeded",
}
RED = OWN | {"dependency-failed", "timed-out", "eval-error"}
REFUSED = {"broken-marked", "unfree-refused", "insecure-refused", "platform-refused", "refused"}
LOOKAHEAD = 15
ABSENT_TURNS, ABSENT_TIME = 15, timedelta(days=30)


@dataclass(frozen=True)
class Step:
    """One evaluation on one system."""

    evaluation_id: str
    evaluation_at: datetime
    coverage: str
    builds: dict[Job, tuple[str, str, str]]
    """Build, status and cause of every job listed, the status by the basis that counts."""
    totals: dict[str, int]


@dataclass(frozen=True)
class Walked:
    """The tables of one world."""

    evaluations: list[tuple]
    """evaluation_id, evaluation_at, observations."""
    intervals: list[tuple]
    """system, evaluation_id, attr, variant, build_id, status, cause: one row per evaluation and job."""
    verdicts: list[tuple]
    """system, evaluation_id, is_complete, is_verdict_final."""
    episodes: list[tuple]
    """Columns of core.failure_episodes from attr on, without markers."""


def walk(answers: Sequence[Answer], retracted: Container[str] = ()) -> Walked:
    """Every table of a world. What was seen of a build stays seen, also in an answer that was taken back."""
    by_evaluation: dict[tuple[int, str], list[Answer]] = defaultdict(list)
    for answer in (answer for answer in answers if answer.id not in retracted):
        by_evaluation[answer.ordinal, answer.evaluation_id].append(answer)
    order = sorted(by_evaluation)
    times = _evaluation_times([by_evaluation[key] for key in order])
    facts = _facts(answers)
    walked = Walked([], [], [], [])
    for key, at in zip(order, times, strict=True):
        walked.evaluations.append((key[1], at, len(by_evaluation[key])))
    for system in sorted({s for answer in answers for s in answer.systems}):
        steps = _steps(system, [by_evaluation[key] for key in order], times, facts)
        verdicts = _verdicts(steps)
        for step, (is_complete, is_final) in zip(steps, verdicts, strict=True):
            walked.verdicts.append((system, step.evaluation_id, is_complete, is_final))
            for (attr, _, variant), (build, status, cause) in step.builds.items():
                walked.intervals.append((system, step.evaluation_id, attr, variant, build, status, cause))
        walked.episodes.extend(_episodes(steps, verdicts))
    return walked


def _evaluation_times(evaluations: Sequence[list[Answer]]) -> list[datetime]:
    """Its own time if told, else the earliest first sight of this and all later ones."""
    firsts = [min(a.observed_at for a in answers) for answers in evaluations]
    own = [min((a.occurred_at for a in answers if a.occurred_at), default=None) for answers in evaluations]
    return [told or min(firsts[n:]) for n, told in enumerate(own)]


def _facts(answers: Sequence[Answer]) -> dict[str, list[tuple[datetime, str, str]]]:
    """What each build was seen in, by time; at one instant the greatest word counts."""
    at: dict[tuple[str, datetime], tuple[str, str]] = {}
    for answer in answers:
        for build, status, cause in answer.rows.values():
            key = build, answer.observed_at
            at[key] = max(at.get(key, ("", "")), (status, cause))
    facts: dict[str, list[tuple[datetime, str, str]]] = defaultdict(list)
    for (build, instant), (status, cause) in sorted(at.items()):
        facts[build].append((instant, status, cause))
    return facts


def _steps(
    system: str,
    evaluations: Sequence[list[Answer]],
    times: Sequence[datetime],
    facts: dict[str, list[tuple[datetime, str, str]]],
) -> list[Step]:
    """Evaluations that have a list of the system: the last one counts."""
    steps = []
    for answers, at in zip(evaluations, times, strict=True):
        lists = [a for a in answers if a.has_list and system in a.systems]
        if not lists:
            continue
        last = max(lists, key=lambda a: (a.observed_at, a.id))
        coverage = max(answers, key=lambda a: (a.has_list, a.observed_at, a.id)).coverage
        builds = {}
        for job, (build, _, _) in last.rows.items():
            if job[1] == system:
                known = facts[build]
                if coverage != "full":
                    known = [fact for fact in known if fact[0] <= last.observed_at]
                builds[job] = (build, *known[-1][1:])
        totals = {status: n for of, status, n in last.totals if of == system}
        steps.append(Step(last.evaluation_id, at, coverage, builds, totals))
    return steps


def _verdicts(steps: Sequence[Step]) -> list[tuple[bool, bool]]:
    """Complete or not, final or not, of every step."""
    if steps and steps[0].coverage == "failures_only":
        return _list_verdicts([{job: seen[0] for job, seen in step.builds.items()} for step in steps])
    verdicts = []
    for n, step in enumerate(steps):
        counts = dict(step.totals)
        if not counts:
            for _, status, _ in step.builds.values():
                counts[status] = counts.get(status, 0) + 1
        total = sum(counts.values())
        unfinished = counts.get("queued", 0) + counts.get("running", 0)
        is_complete = total > 0 and unfinished <= 0.02 * total and counts.get("cancelled", 0) <= 0.02 * total
        verdicts.append((is_complete, n < len(steps) - 1))
    return verdicts


def _list_verdicts(lists: Sequence[dict[Job, str]]) -> list[tuple[bool, bool]]:
    """Lists of failures without totals, each judged by the last complete one and by the 15 that follow."""
    verdicts = [(True, True)]
    before, before_is_final = 0, True
    for n in range(1, len(lists)):
        p = lists[before]
        vanished = [job for job in p if job not in lists[n]]
        ahead = lists[n + 1 : n + 1 + LOOKAHEAD]
        same = sum(any(later.get(job) == p[job] for later in ahead) for job in vanished)
        back = sum(any(job in later for later in ahead) for job in vanished)
        shown = (same >= 5 and same >= 0.02 * len(p)) or (back >= 20 and back >= 0.10 * len(p))
        decided = len(lists) - 1 - n >= LOOKAHEAD or shown
        guessed = len(vanished) >= 20 and len(lists[n]) < 0.60 * len(p)
        is_incomplete = shown or (not decided and guessed)
        is_final = decided and before_is_final
        verdicts.append((not is_incomplete, is_final))
        if is_incomplete:
            before_is_final = before_is_final and is_final
        else:
            before, before_is_final = n, is_final
    return verdicts


def _episodes(steps: Sequence[Step], verdicts: Sequence[tuple[bool, bool]]) -> list[tuple]:
    """Episodes of every job of a system under the preset `headline`."""
    turns = [n for n, (is_complete, _) in enumerate(verdicts) if is_complete]
    open_verdicts = [0]
    for _, is_final in verdicts:
        open_verdicts.append(open_verdicts[-1] + (not is_final))
    jobs = sorted({job for n in turns for job in steps[n].builds})
    return [episode for job in jobs for episode in _of_job(job, steps, turns, open_verdicts)]


def _role(seen: tuple[str, str, str] | None) -> str:
    if seen is None or seen[1] in REFUSED:
        return "absent"
    if seen[1] in RED:
        return "bad"
    return "green" if seen[1] in GREEN else "neutral"


def _of_job(
    job: Job, steps: Sequence[Step], turns: Sequence[int], open_verdicts: Sequence[int]
) -> list[tuple]:
    """Walk the complete evaluations of one job."""
    roles = [_role(steps[n].builds.get(job)) for n in turns]
    episodes = []
    turn = 0
    while turn < len(turns):
        if roles[turn] != "bad":
            turn += 1
            continue
        end, outcome, last = _end(turn, roles, steps, turns)
        episodes.append(_episode(job, turn, end, outcome, last, roles, steps, turns, open_verdicts))
        turn = len(turns) if end is None else end
    return episodes


def _end(
    begin: int, roles: Sequence[str], steps: Sequence[Step], turns: Sequence[int]
) -> tuple[int | None, str, int]:
    """Turn at which an episode that begins at `begin` ends, how, and the last turn red or bridged."""
    last = turn = begin
    while turn < len(roles):
        if roles[turn] == "green":
            return turn, "fixed", last
        if roles[turn] != "absent":
            last = turn
            turn += 1
            continue
        if steps[turns[turn]].coverage != "full":
            return turn, "cleared", last
        back = next((n for n in range(turn, len(roles)) if roles[n] != "absent"), None)
        gone_at = steps[turns[turn]].evaluation_at
        if back is None:
            away = len(roles) - turn
            is_gone = away >= ABSENT_TURNS or steps[turns[-1]].evaluation_at - gone_at >= ABSENT_TIME
            return (turn, "removed", last) if is_gone else (None, "open", last)
        is_short = back - turn < ABSENT_TURNS and steps[turns[back]].evaluation_at - gone_at < ABSENT_TIME
        if not is_short or any(steps[turns[n]].coverage != "full" for n in range(turn, back)):
            return turn, "removed", last
        turn = back
    return None, "open", last


def _episode(
    job: Job,
    begin: int,
    end: int | None,
    outcome: str,
    last: int,
    roles: Sequence[str],
    steps: Sequence[Step],
    turns: Sequence[int],
    open_verdicts: Sequence[int],
) -> tuple:
    red = [n for n in range(begin, last + 1) if roles[n] == "bad"]
    seen = {n: steps[turns[n]].builds[job] for n in red}
    own = [n for n, (_, status, cause) in seen.items() if status in OWN and cause == "own"]
    dependency = [n for n, (_, status, _) in seen.items() if status == "dependency-failed"]
    first_verdict = open_verdicts[turns[begin]]
    last_verdict = open_verdicts[turns[end] + 1] if end is not None else open_verdicts[-1]
    return (
        job[0],
        job[1],
        job[2],
        steps[turns[begin]].evaluation_id,
        steps[turns[begin]].evaluation_at,
        steps[turns[last]].evaluation_at,
        steps[turns[end]].evaluation_id if end is not None else None,
        steps[turns[end]].evaluation_at if end is not None else None,
        steps[turns[-1]].evaluation_at,
        outcome,
        len(red),
        bool(own),
        bool(own) and bool(dependency) and own[0] < dependency[-1],
        begin == 0,
        last_verdict > first_verdict or (outcome == "open" and last < len(turns) - 1),
        seen[red[0]][0],
        seen[red[-1]][0],
    )
