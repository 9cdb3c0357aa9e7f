"""Benchmarks: CPU seconds, peak memory, disk, and ratios within one run. `./run bench` prints them; none is a test."""
