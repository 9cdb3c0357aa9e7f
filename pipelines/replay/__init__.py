"""The few relations of `sql/` that are computed in Python, each named by a `python:` line of its header."""
