"""Benchmarks: CPU seconds, peak memory, disk, and ratios within one run. `./run bench` prints them; none is a test."""

ROUNDS = 3
"""Of the same work the quickest counts: others share the machine."""
