"""Names of the machines that build, without what says how to get into them."""

import polars as pl

_NAME = r"\A(?:[A-Za-z][A-Za-z0-9+.\-]*://)?(?:[^@/\s]*@)?([A-Za-z0-9_][A-Za-z0-9_.\-]*)(?:[:/?\s].*)?\z"
_NUMBERS = r"\A[0-9.]+\z"


def name(told: pl.Expr) -> pl.Expr:
    """`build3` of `build3`, of `nix@build3`, of `ssh-ng://nix@build3:22?key=x`; null where only an address is told."""
    found = told.str.extract(_NAME)
    return pl.when(~found.str.contains(_NUMBERS)).then(found)
