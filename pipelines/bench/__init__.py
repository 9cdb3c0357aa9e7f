"""Benchmarks: CPU seconds, peak memory, disk, and ratios within one run. `./run bench` prints them; none is a test."""

ROUNDS = 5
"""Of the same work the quickest counts: others share the machine, and slow it to half of its speed for seconds."""
