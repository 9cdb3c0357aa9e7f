"""Work for several sources at the same time, a thread for each: one that waits holds up none of the others.

What a source has to do it does in order, one thing at a time. Whoever writes something that all share, the event log
above all, does so in its `turn`.
"""

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Beside:
    """What the work for one source knows of the run that it is a part of."""

    turn: AbstractContextManager[Any] = field(default_factory=nullcontext)
    """Held while something that sources share is read or written."""
    is_awaited: Callable[[], bool] = lambda: False
    """Whether all the others are done and something waits for this source alone."""
    is_over: Callable[[], bool] = lambda: False
    """Whether the run has ended without it: nothing more is to be asked for or written."""


ALONE = Beside()
"""Of work that is the whole run, and for which nothing waits."""


@dataclass(frozen=True)
class _Done(Generic[T]):
    """One piece of work is done, or could not be; or, with neither, a source's work is at its end."""

    results: tuple[T, ...] = ()
    error: BaseException | None = None


def side_by_side(
    work: Mapping[str, Sequence[Callable[[Beside], T]]], *, is_awaited: bool = False
) -> Generator[T, None, None]:
    """What the pieces of work by source give, in the order in which they are done.

    `is_awaited`: whether something waits for all of it. An error of a piece of work is raised here and ends the run:
    the other sources are told that it is over, and are not waited for.
    """
    turn, over = threading.Lock(), threading.Event()
    busy = set(work)
    told: SimpleQueue[_Done[T]] = SimpleQueue()

    def do(source: str, pieces: Sequence[Callable[[Beside], T]]) -> None:
        beside = Beside(turn, lambda: is_awaited and busy == {source}, over.is_set)
        try:
            for piece in pieces:
                if over.is_set():
                    return
                told.put(_Done((piece(beside),)))
        except BaseException as error:  # noqa: BLE001 (raised again where the results are taken)
            told.put(_Done(error=error))
        finally:
            busy.discard(source)
            told.put(_Done())

    for source, pieces in work.items():
        # Nobody who stops the program waits for a server that does not answer.
        threading.Thread(target=do, args=(source, pieces), name=source, daemon=True).start()
    left = len(work)
    try:
        while left:
            done = told.get()
            if done.error is not None:
                raise done.error
            left -= not done.results
            yield from done.results
    finally:
        over.set()
