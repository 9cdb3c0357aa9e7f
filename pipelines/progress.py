"""Says what is being done: a live line on a terminal, plain lines elsewhere. Writes to the error stream only."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

PLAIN_EVERY_SECONDS = 2.0
"""Without a terminal a step is written when it begins and at most this often in between."""


class Steps:
    """A row of steps, of known or unknown number."""

    def __init__(self, console: Console, bar: Progress | None, task: TaskID | None) -> None:
        self._console = console
        self._bar = bar
        self._task = task
        self._last = 0.0
        self._stage = ""

    def stage(self, name: str, total: int | None = None) -> None:
        """Begin a stage; `total` is its number of steps where known."""
        self._stage = name
        if self._bar is not None and self._task is not None:
            self._bar.reset(self._task, total=total, description=name, detail="")
        else:
            self._line(name, always=True)

    def __call__(self, text: str) -> None:
        """Begin a step of the stage."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=1, detail=text)
        else:
            self._line(f"{self._stage}: {text}" if self._stage else text)

    def _line(self, text: str, *, always: bool = False) -> None:
        now = time.monotonic()
        if always or now - self._last >= PLAIN_EVERY_SECONDS:
            self._last = now
            self._console.print(text, highlight=False, markup=False, soft_wrap=True)


@contextmanager
def shown() -> Iterator[Steps]:
    """Show progress while the block runs."""
    console = Console(stderr=True)
    if not sys.stderr.isatty():
        yield Steps(console, None, None)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[detail]}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        yield Steps(console, bar, bar.add_task("", total=None, detail=""))
