"""Work for several sources at the same time: in order within one, in turn where something is shared."""

import threading
import time
from collections.abc import Callable

import pytest

from pipelines.side_by_side import ALONE, Beside, side_by_side

Piece = Callable[[Beside], str]


def until(holds: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Whether something came to hold within the time."""
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.005)
    return holds()


def says(word: str) -> Piece:
    return lambda _: word


def test_what_is_done_first_comes_first_and_one_source_keeps_its_order() -> None:
    may_end = threading.Event()

    def slow(_: Beside) -> str:
        assert may_end.wait(20)
        return "slow"

    results = side_by_side({"a": [slow, says("after slow")], "b": [says("one"), says("two")], "c": []})
    assert [next(results), next(results)] == ["one", "two"]
    may_end.set()
    assert list(results) == ["slow", "after slow"]
    assert list(side_by_side({})) == []


@pytest.mark.parametrize("is_awaited", [True, False])
def test_the_last_one_knows_that_it_is_awaited_once_the_others_are_done(is_awaited: bool) -> None:
    may_end, seen = threading.Event(), []

    def last(beside: Beside) -> str:
        seen.append(beside.is_awaited())
        may_end.set()
        seen.append(until(beside.is_awaited, 20.0 if is_awaited else 0.2))
        return "last"

    def other(beside: Beside) -> str:
        assert may_end.wait(20)
        seen.append(beside.is_awaited())
        return "other"

    told = side_by_side({"a": [last], "b": [other]}, is_awaited=is_awaited)
    assert sorted(told) == ["last", "other"]
    assert seen == [False, False, is_awaited]
    assert not ALONE.is_awaited()
    assert not ALONE.is_over()


def test_a_turn_is_one_sources_at_a_time() -> None:
    inside: list[str] = []
    most = 0

    def write(beside: Beside) -> str:
        nonlocal most
        with beside.turn:
            inside.append("x")
            most = max(most, len(inside))
            time.sleep(0.02)
            inside.pop()
        return "written"

    assert list(side_by_side({name: [write, write] for name in "abcd"})) == ["written"] * 8
    assert most == 1


def test_an_error_is_raised_where_results_are_taken_and_the_others_learn_of_the_end() -> None:
    ended, begun = threading.Event(), threading.Event()

    def fail(_: Beside) -> str:
        begun.wait(20)
        raise ZeroDivisionError

    def waits(beside: Beside) -> str:
        begun.set()
        if until(beside.is_over):
            ended.set()
        return "never taken"

    after: list[str] = []
    with pytest.raises(ZeroDivisionError):
        list(side_by_side({"a": [fail], "b": [waits, lambda _: after.append("more") or "x"]}))
    assert ended.wait(20)
    time.sleep(0.05)
    assert after == []


def test_whoever_takes_no_more_ends_the_run() -> None:
    seen: list[Beside] = []
    results = side_by_side({"a": [lambda beside: seen.append(beside) or "one"], "b": [says("two")]})
    next(results)
    results.close()
    assert until(lambda: bool(seen) and seen[0].is_over())
