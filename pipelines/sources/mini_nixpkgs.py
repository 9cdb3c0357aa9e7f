"""Histories of small package sets that were really built: graph, attempts, and hashes of what came out.

A commit is a revision of the package set. Instants are invented (`ZERO` plus the seconds that are told); durations are
measured. Statuses that follow from the attempts of a derivation (`succeeded`, `failed` and their cached forms) are not
told again; an attribute that does not evaluate has no derivation and is not in the package set.
"""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from models.derivations import outputs_id64
from models.events import SourceDeclared
from pipelines.sources import fields, files
from pipelines.sources import mini_nixpkgs_tables as tables
from pipelines.sources.base import Facts, Known, Progress
from pipelines.sources.mini_nixpkgs_tables import PREFIX

NAME = "mini-nixpkgs"
WANTS = "a CSV with the columns commit, message, kind, started, finished and the Parquet files beside it"
SOURCE = "mini-nixpkgs"
PACKAGE_SET = "mini-nixpkgs"
JOBSET = "mini-nixpkgs/commits"
SYSTEM = "x86_64-linux"
ZERO = datetime(2001, 1, 1, tzinfo=UTC)
"""Stands for second 0 of the data, which is no instant of any clock."""
CHECK_ROLES = ("nativeCheckInputs", "checkInputs", "nativeInstallCheckInputs", "installCheckInputs")

_SECONDS = r"[0-9]{1,9}(\.[0-9]{1,6})?"
COMMITS = (
    fields.matching("commit", "[0-9]{1,6}", "a number of at most six digits"),
    fields.matching("message", "[^[:cntrl:]]{1,200}", "one line of at most 200 characters"),
    fields.word("kind"),
    fields.matching("started", _SECONDS, "seconds"),
    fields.matching("finished", _SECONDS, "seconds"),
)
COSTS = (fields.word("job"), fields.matching("nominal_seconds", _SECONDS, "seconds"))


def recognises(path: Path) -> bool:
    """Whether the folder has the list of commits."""
    return bool(files.find(path, COMMITS))


def read(path: Path, known: Known, progress: Progress) -> Facts:
    """Package sets by commit, derivations, attempts, outputs and nominal costs."""
    progress("reading a package set that was built")
    commits = files.read_all(files.find(path, COMMITS), COMMITS, key=("commit",))
    costs = files.read_all(files.find(path, COSTS), COSTS, key=("job",))
    rejected = [*commits.rejected, *costs.rejected]
    at = commits.frame.select(
        pl.col("commit").cast(pl.Int64),
        started_at=_instant(pl.col("started").cast(pl.Float64)),
        finished_at=_instant(pl.col("finished").cast(pl.Float64)),
    )
    drvs = tables.derivations(path, rejected)
    edges = tables.edges(path, drvs, rejected)
    outputs = tables.outputs(path, drvs, rejected)
    attributes = tables.attributes(path, at, drvs, rejected)
    attempts = _attempts(tables.attempts(path, at, drvs, rejected))
    first_seen = attributes.group_by("derivation_id64").agg(observed_at=pl.col("finished_at").min())
    events = [_declared(at)] if at.height else []
    told = known.ids("source_declared", SOURCE)
    sets = _package_sets(attributes)
    known_sets = pl.DataFrame(
        {"id": sorted(known.ids("package_set_evaluated", SOURCE))}, schema={"id": pl.String}
    )
    frames = {
        "package_set_evaluated": sets.join(known_sets, on="id", how="anti", maintain_order="left"),
        "derivation_observed": _derivations(drvs, edges, outputs, first_seen),
        "build_observed": pl.concat([attempts, _unattempted(attributes, attempts)], how="diagonal"),
        "output_observed": files.unknown(
            _observed(outputs, first_seen), known.ids("output_observed", SOURCE)
        ),
        "build_cost_declared": files.unknown(
            _costs(costs.frame, at), known.ids("build_cost_declared", SOURCE)
        ),
    }
    return Facts(SOURCE, [e for e in events if e.id not in told], frames, rejected=rejected)


def _instant(seconds: pl.Expr) -> pl.Expr:
    return pl.lit(ZERO, pl.Datetime("us", "UTC")) + pl.duration(
        microseconds=(seconds * 1e6).round(0).cast(pl.Int64)
    )


def _attempts(told: pl.DataFrame) -> pl.DataFrame:
    """Columns of `build_observed` for every attempt."""
    status = pl.when("failed").then(pl.lit("failed")).otherwise(pl.lit("succeeded"))
    return told.select(
        "attempt",
        "derivation_id64",
        **_of_build(pl.col("job"), pl.col("commit"), _instant(pl.col("stop"))),
        started_at=_instant(pl.col("start")),
        stopped_at=_instant(pl.col("stop")),
        status=status,
        source_status=status,
        cause=pl.lit("own"),
        is_cached=pl.lit(value=False),
        time_kind=pl.lit("measured"),
    )


def _unattempted(attributes: pl.DataFrame, attempts: pl.DataFrame) -> pl.DataFrame:
    """Columns of `build_observed` for derivations that were never built because one that they need failed."""
    return (
        attributes.filter(pl.col("status") == "dependency-failed")
        .join(attempts.select("derivation_id64"), on="derivation_id64", how="anti", maintain_order="left")
        .sort("finished_at", "job")
        .unique("derivation_id64", keep="first", maintain_order=True)
        .select(
            "derivation_id64",
            **_of_build(pl.col("job"), pl.col("commit"), pl.col("finished_at")),
            status=pl.col("status"),
            source_status=pl.col("status"),
            cause=pl.lit("dependency"),
        )
    )


def _of_build(job: pl.Expr, commit: pl.Expr, at: pl.Expr) -> dict[str, pl.Expr]:
    return {
        "source": pl.lit(SOURCE),
        "jobset": pl.lit(JOBSET),
        "build_id": pl.col("drv").str.slice(PREFIX, 32),
        "attr": job,
        "system": pl.lit(SYSTEM),
        "variant": pl.lit(""),
        "evaluation_id": _revision(commit),
        "observed_at": at,
        "occurred_at": at,
        "is_finished": pl.lit(value=True),
        "drv_path": pl.col("drv"),
    }


def _revision(commit: pl.Expr) -> pl.Expr:
    return pl.format("commit-{}", commit.cast(pl.String).str.zfill(4))


def _package_sets(attributes: pl.DataFrame) -> pl.DataFrame:
    """Columns of `package_set_evaluated`: each commit is a revision."""
    rows = attributes.select(
        pl.lit(SOURCE).alias("source"),
        pl.lit(PACKAGE_SET).alias("package_set"),
        _revision(pl.col("commit")).alias("revision"),
        pl.col("finished_at").alias("observed_at"),
        pl.col("started_at").alias("occurred_at"),
        pl.lit(value=False).alias("is_partial"),
        pl.col("job").alias("attr"),
        pl.lit(SYSTEM).alias("system"),
        "derivation_id64",
    ).sort("revision", "attr")
    parts = [
        part.with_columns(id=pl.lit(f"{SOURCE}:package-set:{PACKAGE_SET}:{revision}:{_digest(part)}"))
        for (revision,), part in rows.partition_by("revision", as_dict=True, maintain_order=True).items()
    ]
    return pl.concat(parts) if parts else rows.with_columns(id=pl.lit(""))


def _digest(rows: pl.DataFrame) -> str:
    text = "".join(
        f"{attr}\0{number}\n" for attr, number in rows.select("attr", "derivation_id64").iter_rows()
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _derivations(
    drvs: pl.DataFrame, edges: pl.DataFrame, outputs: pl.DataFrame, first_seen: pl.DataFrame
) -> pl.DataFrame:
    """Columns of `derivation_observed`."""
    roles = pl.col("role").str.split(" ")
    is_check_only = roles.list.eval(pl.element().is_in(CHECK_ROLES)).list.all() & (pl.col("role") != "")
    inputs = (
        edges.group_by("drv", "derivation_id64", role="roles")
        .agg(outputs=pl.col("output").unique().sort())
        .sort("drv", "role", "derivation_id64")
        .with_columns(is_check_only=is_check_only)
        .group_by("drv", maintain_order=True)
        .agg(inputs=pl.struct("derivation_id64", "role", "outputs", "is_check_only"))
    )
    paths: dict[str, dict[str, str | None]] = {}
    for drv, output, path in outputs.select("drv", "output", "path").iter_rows():
        paths.setdefault(drv, {})[output] = path
    names = dict(drvs.select("drv", "outputs").iter_rows())
    numbers = {
        drv: outputs_id64({one: found.get(one) for one in names[drv].split(" ")})
        for drv, found in paths.items()
    }
    return (
        drvs.join(inputs, on="drv", how="left", maintain_order="left")
        .join(first_seen, on="derivation_id64", how="left", maintain_order="left")
        .select(
            "derivation_id64",
            pl.col("observed_at").fill_null(ZERO),
            pl.col("inputs").fill_null([]),
            "system",
            source=pl.lit(SOURCE),
            drv_hash=pl.col("drv").str.slice(PREFIX, 32),
            name=pl.col("drv").str.slice(PREFIX + 33).str.strip_suffix(".drv"),
            is_fixed_output=pl.lit(value=False),
            outputs=pl.col("outputs").str.split(" "),
            required_features=pl.col("features").fill_null("").str.split(" ").list.filter(pl.element() != ""),
            does_check=pl.col("do_check").cast(pl.Boolean, strict=False),
            recipe_id64=_number(drvs["recipe"]),
            outputs_id64=pl.col("drv").replace_strict(numbers, default=None, return_dtype=pl.Int64),
        )
    )


def _number(hashes: pl.Series) -> pl.Series:
    """First 64 bits of each SHA-256, as `models.derivations.text_id64` gives them."""
    numbers = [int.from_bytes(bytes.fromhex(text[:16]), "big", signed=True) for text in hashes]
    return pl.Series(hashes.name, numbers, pl.Int64)


def _observed(outputs: pl.DataFrame, first_seen: pl.DataFrame) -> pl.DataFrame:
    """Columns of `output_observed`."""
    return outputs.join(first_seen, on="derivation_id64", how="left", maintain_order="left").select(
        "derivation_id64",
        "output",
        "path",
        "nar_hash",
        pl.col("observed_at").fill_null(ZERO),
        pl.col("references").list.sort(),
        id=pl.format(
            "{}:output:{}:{}:{}",
            pl.lit(SOURCE),
            "derivation_id64",
            "output",
            pl.col("nar_hash").str.slice(0, 16),
        ),
        source=pl.lit(SOURCE),
        nar_bytes="nar_size",
        closure_bytes="closure_size",
        self_blanked_id64=_number(outputs["hash_self"]),
        hashes_blanked_id64=_number(outputs["hash_refs"]),
        names_keyed_id64=_number(outputs["hash_paths"]),
        content_id64=_number(outputs["content_id"]),
    )


def _costs(costs: pl.DataFrame, at: pl.DataFrame) -> pl.DataFrame:
    """Columns of `build_cost_declared`."""
    return costs.select(
        source=pl.lit(SOURCE),
        observed_at=pl.lit(at["started_at"].min() or ZERO, pl.Datetime("us", "UTC")),
        id=pl.format("{}:cost:{}:{}", pl.lit(SOURCE), "job", pl.lit(SYSTEM)),
        attr="job",
        system=pl.lit(SYSTEM),
        seconds=pl.col("nominal_seconds").cast(pl.Float64),
        basis=pl.lit("invented seconds of a realistic spread"),
    )


def _declared(at: pl.DataFrame) -> SourceDeclared:
    first, last = at["started_at"].min(), at["finished_at"].max()
    return SourceDeclared(
        id=f"{SOURCE}:source:{at.height}",
        source=SOURCE,
        observed_at=last,  # type: ignore[arg-type]
        dataset=NAME,
        title="A small invented package set, really built; its instants count from an invented zero",
        covers="package_set_evaluated",
        scope=PACKAGE_SET,
        first_at=first,  # type: ignore[arg-type]
        last_at=last,  # type: ignore[arg-type]
        licence="MIT, as this project: made for it",
        is_invented=True,
    )
