"""An order of derivations in which every input comes before what needs it."""

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.integer]
UNORDERED = -1
"""Depth of what is on a circle, or needs something that is: no order exists for it."""


def depths(count: int, dependent: Integers, inputs: Integers) -> npt.NDArray[np.int32]:
    """Length of the longest way down from each of `count` nodes, 0 without inputs, `UNORDERED` where a circle is below.

    An edge goes from `dependent[i]` to `inputs[i]`. Every edge is touched once, whatever the depth.
    """
    waiting = np.bincount(dependent, minlength=count)
    by_input = np.argsort(inputs, kind="stable")
    users = np.asarray(dependent)[by_input]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(inputs, minlength=count))])
    depth = np.full(count, UNORDERED, dtype=np.int32)
    ready = np.flatnonzero(waiting == 0)
    step = 0
    while ready.size:
        depth[ready] = step
        touched = users[spans(offsets[ready], offsets[ready + 1])]
        np.subtract.at(waiting, touched, 1)
        ready = np.unique(touched[waiting[touched] == 0])
        step += 1
    return depth


def spans(begins: Integers, ends: Integers) -> npt.NDArray[np.int64]:
    """The whole numbers of every half-open span `[begins[i], ends[i])`, one span after the other."""
    lengths = np.asarray(ends, dtype=np.int64) - begins
    total = int(lengths.sum())
    # Every place counts up by one, and jumps where the next span begins.
    shifts = np.asarray(begins, dtype=np.int64) - (np.cumsum(lengths) - lengths)
    return np.arange(total, dtype=np.int64) + np.repeat(shifts, lengths)
