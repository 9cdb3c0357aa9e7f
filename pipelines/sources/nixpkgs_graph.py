"""Derivation graphs of whole package sets: what each attribute evaluates to, and all that it is made from.

`evaluations.csv` names, for each revision, three Parquet files of the folder: nodes (derivations), edges (their
inputs, with the variables that hold the input's path) and jobs (attributes). Their numbers count within one
revision; what is recorded are hashes.

A derivation is recorded whole or not at all: where one of its edges cannot be used, it is rejected, and what needs
it keeps an edge to something that nobody recorded.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from models.events import SourceDeclared
from pipelines.graph import order
from pipelines.sources import derivation_hashes, fields, files, values
from pipelines.sources.base import Facts, Known, Progress, Rejected, reject

NAME = "nixpkgs-graph"
WANTS = "a CSV with the columns revision, committed_at, nodes, edges, jobs, is_partial and the files that it names"
SOURCE = "github.com/NixOS/nixpkgs"
PACKAGE_SET = "nixpkgs"

EVALUATION_FIELDS = (
    fields.revision("revision"),
    fields.instant("committed_at"),
    fields.word("nodes"),
    fields.word("edges"),
    fields.word("jobs"),
    fields.matching("is_partial", "true|false", "true or false"),
)
_NODES = (
    "id",
    "hash",
    "name",
    "system",
    "outputs",
    "fixed_output",
    "n_inputs",
    "features",
    "prefer_local",
    "do_check",
)
_EDGES = ("drv", "input", "output", "roles", "check_only")
_JOBS = ("attr", "drv")
_NAME = r"\A[A-Za-z0-9+\-._?=]{1,211}\z"
"""What Nix allows in a name of the store."""
_SYSTEM = r"\A([a-z0-9_]{1,30}-[a-z0-9_]{1,30}|builtin)\z"
_WORDS = r"\A[A-Za-z0-9+\-._?= ]{0,2000}\z"
MAX_ROWS = 10_000_000


@dataclass(frozen=True)
class _Evaluation:
    """One revision's tables, with what of them cannot be used."""

    nodes: pl.DataFrame
    edges: pl.DataFrame
    jobs: pl.DataFrame
    rejected: list[Rejected]


def recognises(path: Path) -> bool:
    """Whether a file of the folder has the columns of the list of evaluations."""
    return bool(files.find(path, EVALUATION_FIELDS))


def read(path: Path, known: Known, progress: Progress) -> Facts:
    """The derivations of every revision, and the package sets that the log does not hold."""
    listed = files.read_all(files.find(path, EVALUATION_FIELDS), EVALUATION_FIELDS, key=("revision",))
    told = known.ids("package_set_evaluated", SOURCE)
    declared = known.ids("source_declared", SOURCE)
    rejected = list(listed.rejected)
    sets, derivations, events = [], [], []
    for row in listed.frame.sort("committed_at", "revision").iter_rows(named=True):
        progress(f"reading the graph of {row['revision'][:12]}")
        read_one = _evaluation(path, row["nodes"], row["edges"], row["jobs"])
        rejected += read_one.rejected
        at = pl.lit(row["committed_at"], pl.Datetime("us", "UTC"))
        common = {"source": pl.lit(SOURCE), "observed_at": at, "occurred_at": at}
        jobs = _package_set(read_one)
        identity = f"{SOURCE}:package-set:{PACKAGE_SET}:{row['revision']}:{_digest(jobs)}"
        if identity not in told:
            revision = pl.lit(row["revision"])
            sets.append(
                jobs.select(
                    pl.all(),
                    id=pl.lit(identity),
                    package_set=pl.lit(PACKAGE_SET),
                    revision=revision,
                    is_partial=pl.lit(row["is_partial"] == "true"),
                    **common,
                )
            )
        derivations.append(_derivations(read_one).select(pl.all(), **common))
        events += [e for e in [_declared(row["revision"], row["committed_at"])] if e.id not in declared]
    frames = {name: pl.concat(some) for name, some in (("package_set_evaluated", sets),) if some}
    if derivations:
        # A derivation of several revisions is of the first: it is the same one.
        both = pl.concat(derivations).sort("observed_at", maintain_order=True)
        frames["derivation_observed"] = both.unique("derivation_id64", keep="first", maintain_order=True)
    return Facts(SOURCE, events=events, frames=frames, rejected=rejected)


def _evaluation(folder: Path, nodes: str, edges: str, jobs: str) -> _Evaluation:
    """The tables of one revision, checked. Raises BadInput where a file is missing, damaged or too large."""
    told_nodes = values.parquet_table(folder / nodes, _NODES, MAX_ROWS)
    told_edges = values.parquet_table(folder / edges, _EDGES, MAX_ROWS)
    told_jobs = values.parquet_table(folder / jobs, _JOBS, MAX_ROWS)
    rejected: list[Rejected] = []
    usable, bad = _usable_nodes(told_nodes)
    rejected += reject(bad, nodes, "derivation without a usable number, hash, name, system or outputs")
    usable = usable.sort("id", "hash")
    clash = ~(pl.col("id").is_first_distinct() & pl.col("derivation_id64").is_first_distinct())
    rejected += reject(usable.filter(clash), nodes, "derivation whose number or hash is another's")
    usable = usable.filter(~clash)
    checked = _usable_edges(told_edges, usable)
    rejected += reject(
        checked.filter(~pl.col("is_usable")), edges, "edge without usable derivations, output or roles"
    )
    good_edges = checked.filter("is_usable")
    inputs = good_edges.group_by("drv").agg(found=pl.col("input").n_unique())
    judged = usable.with_columns(is_circular=_circular(usable, good_edges)).join(
        inputs, left_on="id", right_on="drv", how="left", maintain_order="left"
    )
    is_whole = (pl.col("found").fill_null(0) == pl.col("n_inputs")).fill_null(value=False)
    rejected += reject(judged.filter(~is_whole), nodes, "derivation with other inputs than it counts")
    circular = judged.filter(is_whole & pl.col("is_circular"))
    rejected += reject(circular, nodes, "derivation that needs itself, or what does")
    good_nodes = judged.filter(is_whole & ~pl.col("is_circular"))
    told_jobs = told_jobs.with_columns(values.whole(told_jobs["drv"]))
    joined = told_jobs.join(
        usable.select("id", "derivation_id64", "system"),
        left_on="drv",
        right_on="id",
        how="left",
        maintain_order="left",
    )
    is_job = (
        values.attr(pl.col("attr"))
        & pl.col("derivation_id64").is_not_null()
        & pl.col("attr").is_first_distinct()
    ).fill_null(value=False)
    rejected += reject(
        joined.filter(~is_job), jobs, "attribute without a usable name or derivation, or named twice"
    )
    return _Evaluation(good_nodes, good_edges, joined.filter(is_job), rejected)


def _usable_nodes(told: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Nodes with typed columns and `derivation_id64`, and those that cannot be used."""
    typed = told.with_columns(
        values.whole(told["id"]),
        values.whole(told["n_inputs"]),
        derivation_hashes.id64(told["hash"]).alias("derivation_id64"),
        is_fixed_output=told["fixed_output"].cast(pl.Boolean, strict=False),
    )
    is_usable = (
        pl.col("id").is_not_null()
        & pl.col("n_inputs").is_not_null()
        & pl.col("derivation_id64").is_not_null()
        & pl.col("is_fixed_output").is_not_null()
        & pl.col("name").str.contains(_NAME)
        & pl.col("system").str.contains(_SYSTEM)
        & pl.col("outputs").str.contains(_WORDS)
        & (pl.col("outputs") != "")
        & pl.col("features").fill_null("").str.contains(_WORDS)
    ).fill_null(value=False)
    return typed.filter(is_usable), told.filter(~typed.select(is_usable).to_series())


def _usable_edges(told: pl.DataFrame, nodes: pl.DataFrame) -> pl.DataFrame:
    """Edges with typed columns, the hash of the input as `derivation_id64`, and whether each can be used."""
    known = nodes["id"].implode()
    typed = told.select(
        values.whole(told["drv"]),
        values.whole(told["input"]),
        told["output"].cast(pl.String, strict=False),
        told["roles"].cast(pl.String, strict=False),
        told["check_only"].cast(pl.Boolean, strict=False),
    )
    is_usable = (
        pl.col("drv").is_in(known)
        & pl.col("derivation_id64").is_not_null()
        & (pl.col("output").str.contains(_WORDS) & (pl.col("output") != ""))
        & pl.col("roles").str.contains(_WORDS)
    ).fill_null(value=False)
    return typed.join(
        nodes.select("id", "derivation_id64"),
        left_on="input",
        right_on="id",
        how="left",
        maintain_order="left",
    ).with_columns(is_usable=is_usable)


def _circular(nodes: pl.DataFrame, edges: pl.DataFrame) -> pl.Series:
    """For each node, whether it needs itself or something that does."""
    number = nodes.select("id", number=pl.int_range(pl.len(), dtype=pl.Int64))
    placed = edges.join(number, left_on="drv", right_on="id").join(
        number, left_on="input", right_on="id", suffix="_input"
    )
    depth = order.depths(nodes.height, placed["number"].to_numpy(), placed["number_input"].to_numpy())
    return pl.Series("circular", depth == order.UNORDERED)


def _derivations(read_one: _Evaluation) -> pl.DataFrame:
    """Columns of `derivation_observed`; edges that agree in input and role are one, with several outputs."""
    # Sorted by role: equal words then stand together, which a sixth of the file's size hangs on.
    grouped = (
        read_one.edges.group_by("drv", "derivation_id64", "roles", "check_only")
        .agg(outputs=pl.col("output").unique().sort())
        .sort("drv", "roles", "derivation_id64", "check_only")
        .group_by("drv", maintain_order=True)
        .agg(
            inputs=pl.struct(
                "derivation_id64",
                pl.col("roles").alias("role"),
                "outputs",
                pl.col("check_only").alias("is_check_only"),
            )
        )
    )
    return (
        read_one.nodes.join(grouped, left_on="id", right_on="drv", how="left", maintain_order="left")
        .select(
            "derivation_id64",
            "name",
            "system",
            "is_fixed_output",
            "inputs",
            drv_hash="hash",
            outputs=pl.col("outputs").str.split(" "),
            required_features=pl.col("features").str.split(" ").list.filter(pl.element() != ""),
            prefers_local=pl.col("prefer_local") == "1",
            does_check=pl.col("do_check") == "1",
        )
        .with_columns(pl.col("inputs", "required_features").fill_null([]))
    )


def _package_set(read_one: _Evaluation) -> pl.DataFrame:
    return read_one.jobs.select("attr", "system", "derivation_id64").sort("system", "attr")


def _digest(jobs: pl.DataFrame) -> str:
    """Names the content of a listing: equal listings have equal names whatever the order of their files."""
    digest = hashlib.sha256()
    for row in jobs.iter_rows():
        digest.update(("\0".join(map(str, row)) + "\n").encode())
    return digest.hexdigest()[:16]


def _declared(revision: str, committed_at: object) -> SourceDeclared:
    """What the graph of one revision covers."""
    return SourceDeclared(
        id=f"{SOURCE}:source:graph:{revision}",
        source=SOURCE,
        observed_at=committed_at,  # type: ignore[arg-type]
        dataset=NAME,
        title=f"Derivation graph of nixpkgs at {revision[:12]}",
        covers="package_set_evaluated",
        scope=revision,
        first_at=committed_at,  # type: ignore[arg-type]
        last_at=committed_at,  # type: ignore[arg-type]
        licence="MIT (nixpkgs); only facts are kept: names, hashes, edges, roles",
        url="https://github.com/NixOS/nixpkgs",
    )
