"""Estimates that SQL cannot state well: interval estimates by resampling. Point estimates live in `sql/`."""
