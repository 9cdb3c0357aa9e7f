"""The tables of a history of built package sets, read and checked: what cannot be used is rejected row by row."""

from pathlib import Path

import polars as pl

from models.derivations import ALPHABET
from pipelines.sources import derivation_hashes, values
from pipelines.sources.base import Rejected, reject

MAX_ROWS = 1_000_000
MAX_SECONDS = 10**9
PREFIX = len("/nix/store/")
"""Bytes before the hash in a store path."""
_PATH = rf"\A/nix/store/[{ALPHABET}]{{32}}-[A-Za-z0-9+\-._?=]{{1,211}}\z"
_WORDS = r"\A[A-Za-z0-9+\-._?= ]{0,2000}\z"
_SHA256 = r"\A[0-9a-f]{64}\z"
_HASHES = ("hash_self", "hash_refs", "hash_paths", "content_id")


def derivations(folder: Path, rejected: list[Rejected]) -> pl.DataFrame:
    """Derivations with `derivation_id64`, `job`, `outputs`, `features`, `do_check` and `recipe`, one row each."""
    name = "drvs.parquet"
    columns = ("drv", "job", "system", "outputs", "features", "do_check", "recipe")
    told = _hashed(_table(folder / name, columns), "drv")
    is_usable = (
        pl.col("drv").str.contains(_PATH)
        & pl.col("drv").str.ends_with(".drv")
        & pl.col("derivation_id64").is_not_null()
        & values.attr(pl.col("job"))
        & values.system(pl.col("system"))
        & pl.col("outputs").str.contains(_WORDS)
        & pl.col("features").fill_null("").str.contains(_WORDS)
        & pl.col("recipe").str.contains(_SHA256)
    )
    usable = _usable(
        told, is_usable, name, "derivation without a usable path, job, outputs or recipe", rejected
    )
    return usable.unique("derivation_id64", keep="first", maintain_order=True)


def edges(folder: Path, drvs: pl.DataFrame, rejected: list[Rejected]) -> pl.DataFrame:
    """`drv`, `output`, `roles` and the input's `derivation_id64`."""
    name = "edges.parquet"
    told = _hashed(_table(folder / name, ("drv", "input_drv", "output", "roles")), "input_drv")
    is_usable = (
        pl.col("drv").is_in(drvs["drv"].implode())
        & pl.col("input_drv").is_in(drvs["drv"].implode())
        & pl.col("output").str.contains(_WORDS)
        & pl.col("roles").str.contains(_WORDS)
    )
    return _usable(told, is_usable, name, "edge without usable derivations, output or roles", rejected)


def outputs(folder: Path, drvs: pl.DataFrame, rejected: list[Rejected]) -> pl.DataFrame:
    """Outputs with sizes, references and hashes, and the derivation's `derivation_id64`."""
    name = "outputs.parquet"
    columns = ("drv", "output", "path", "nar_hash", "nar_size", "closure_size", "references", *_HASHES)
    told = _table(folder / name, columns)
    told = told.with_columns(values.whole(told["nar_size"]), values.whole(told["closure_size"]))
    is_usable = (
        pl.col("drv").is_in(drvs["drv"].implode())
        & pl.col("path").str.contains(_PATH)
        & pl.col("nar_hash").str.contains(r"\Asha256-[A-Za-z0-9+/]{43}=\z")
        & pl.col("nar_size").is_not_null()
        & pl.col("references").list.eval(pl.element().str.contains(_PATH)).list.all()
        & pl.all_horizontal(pl.col(one).str.contains(_SHA256) for one in _HASHES)
    )
    usable = _usable(
        told, is_usable, name, "output without a usable derivation, path, size or hash", rejected
    )
    return usable.join(drvs.select("drv", "derivation_id64"), on="drv", how="left", maintain_order="left")


def attributes(folder: Path, at: pl.DataFrame, drvs: pl.DataFrame, rejected: list[Rejected]) -> pl.DataFrame:
    """Attributes that evaluate, with `derivation_id64`, `status` and the instants of their commit."""
    name = "attributes.parquet"
    told = _table(folder / name, ("commit", "job", "drv", "status"))
    told = told.with_columns(values.whole(told["commit"]))
    is_usable = (
        pl.col("commit").is_in(at["commit"].implode())
        & values.attr(pl.col("job"))
        & (pl.col("drv").is_null() | pl.col("drv").is_in(drvs["drv"].implode()))
        & values.word(pl.col("status"))
        & pl.struct("commit", "job").is_first_distinct()
    )
    usable = _usable(
        told, is_usable, name, "attribute without a usable commit, job, derivation or status", rejected
    )
    return usable.join(drvs.select("drv", "derivation_id64"), on="drv", maintain_order="left").join(
        at, on="commit", maintain_order="left"
    )


def attempts(folder: Path, at: pl.DataFrame, drvs: pl.DataFrame, rejected: list[Rejected]) -> pl.DataFrame:
    """Attempts of builds: `commit`, `job`, `drv`, `attempt`, `start`, `stop` (seconds), `failed`, `derivation_id64`."""
    name = "builds.parquet"
    told = _table(folder / name, ("commit", "job", "drv", "attempt", "start", "stop", "failed"))
    told = told.with_columns(
        values.whole(told["commit"]),
        values.whole(told["attempt"]),
        told["start"].cast(pl.Float64, strict=False),
        told["stop"].cast(pl.Float64, strict=False),
        told["failed"].cast(pl.Boolean, strict=False),
    )
    is_usable = (
        pl.col("commit").is_in(at["commit"].implode())
        & pl.col("drv").is_in(drvs["drv"].implode())
        & pl.col("attempt").is_between(1, 1000)
        & pl.col("start").is_between(0, MAX_SECONDS)
        & pl.col("stop").is_between(pl.col("start"), MAX_SECONDS)
        & pl.col("failed").is_not_null()
        & pl.struct("drv", "attempt", "stop").is_first_distinct()
    )
    usable = _usable(told, is_usable, name, "attempt without a usable derivation, number or times", rejected)
    return usable.join(drvs.select("drv", "derivation_id64"), on="drv", maintain_order="left")


def _table(path: Path, columns: tuple[str, ...]) -> pl.DataFrame:
    return values.parquet_table(path, columns, MAX_ROWS)


def _usable(
    told: pl.DataFrame, is_usable: pl.Expr, file: str, what: str, rejected: list[Rejected]
) -> pl.DataFrame:
    """The rows that can be used; the others are rejected."""
    mask = told.select(is_usable.fill_null(value=False)).to_series()
    rejected += reject(told.filter(~mask), file, what)
    return told.filter(mask)


def _hashed(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """With `derivation_id64` of the derivation that a column names; null where it is none."""
    hashes = frame[column].cast(pl.String, strict=False).str.slice(PREFIX, 32)
    return frame.with_columns(derivation_hashes.id64(hashes).alias("derivation_id64"))
