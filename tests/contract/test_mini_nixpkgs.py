"""The bundled package set that was really built: read whole, repeatable, not to be spoilt by bad rows."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from models.derivations import id64
from pipelines import ingest, sources
from pipelines.log.store import EventLog
from pipelines.log.verify import verify
from pipelines.paths import EXAMPLES
from pipelines.sources import mini_nixpkgs
from pipelines.sources.base import Facts, Known
from tests import histories

FOLDER = EXAMPLES / "histories" / "mini-nixpkgs"
NOTHING_KNOWN = Known(lambda event_type, source: set())


def read(path: Path) -> Facts:
    return mini_nixpkgs.read(path, NOTHING_KNOWN, histories.quiet)


def with_changed(place: Path, name: str, change: pl.Expr) -> Path:
    """A copy of the history in which one table has other values."""
    shutil.copytree(FOLDER, place)
    table = pl.read_parquet(place / name)
    table.with_columns(change).write_parquet(place / name)
    return place


@pytest.fixture(scope="module")
def bundled() -> Facts:
    return read(FOLDER)


def test_it_is_recognised_by_its_content() -> None:
    assert sources.recognise(FOLDER) is mini_nixpkgs


def test_everything_is_read(bundled: Facts) -> None:
    frames = bundled.frames
    assert bundled.rejected == []
    assert frames["derivation_observed"].height == 323
    assert frames["output_observed"].height == 312
    assert frames["package_set_evaluated"]["revision"].n_unique() == 25
    assert frames["build_cost_declared"]["seconds"].sum() > 0
    statuses = dict(frames["build_observed"]["status"].value_counts().iter_rows())
    assert statuses == {"succeeded": 292, "failed": 4, "dependency-failed": 28}
    items = frames["derivation_observed"].select("inputs").explode("inputs").drop_nulls().unnest("inputs")
    assert items["outputs"].list.len().sum() == 2_088
    assert items.filter(pl.col("is_check_only") != (pl.col("role") == "nativeCheckInputs")).is_empty()


def test_it_is_declared_as_an_invented_world(bundled: Facts) -> None:
    (declared,) = bundled.events
    assert declared.is_invented  # type: ignore[attr-defined]
    assert all(frame["observed_at"].dtype == pl.Datetime("us", "UTC") for frame in bundled.frames.values())
    assert bundled.frames["build_observed"]["started_at"].min() >= datetime(2001, 1, 1, tzinfo=UTC)  # type: ignore[operator]


def test_hashes_become_numbers(bundled: Facts) -> None:
    found = bundled.frames["derivation_observed"]
    assert [id64(one) for one in found["drv_hash"]] == found["derivation_id64"].to_list()
    outputs = pl.read_parquet(FOLDER / "outputs.parquet")
    first = int.from_bytes(bytes.fromhex(outputs["content_id"][0][:16]), "big", signed=True)
    assert bundled.frames["output_observed"]["content_id64"][0] == first


def test_a_second_reading_adds_nothing(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    assert ingest.history(FOLDER, log, tmp_path / "quarantine", histories.quiet).batch is not None
    assert ingest.history(FOLDER, log, tmp_path / "quarantine", histories.quiet).batch is None
    assert verify(log).problems == []


def test_a_longer_copy_adds_only_what_is_new(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    ingest.history(until(tmp_path / "short", 12), log, tmp_path / "quarantine", histories.quiet)
    rest = ingest.history(FOLDER, log, tmp_path / "quarantine", histories.quiet).batch
    assert rest is not None
    whole = read(FOLDER).frames
    for name in ("package_set_evaluated", "derivation_observed", "build_observed", "output_observed"):
        assert log.scan(name).collect().height == whole[name].height, name
    assert {name for name, *_ in rest.tables} >= {"package_set_evaluated", "derivation_observed"}
    assert {name: rows for name, rows, _ in rest.tables}["derivation_observed"] < 323


@pytest.mark.parametrize(
    ("name", "change", "event_type"),
    [
        ("drvs.parquet", pl.col("recipe").str.to_uppercase(), "derivation_observed"),
        ("outputs.parquet", pl.lit("sha256-x").alias("nar_hash"), "output_observed"),
        ("outputs.parquet", (-pl.col("nar_size")).alias("nar_size"), "output_observed"),
        ("builds.parquet", (pl.col("start") - 1000).alias("stop"), "build_observed"),
        ("attributes.parquet", pl.lit("\u0007").alias("job"), "package_set_evaluated"),
        ("edges.parquet", pl.lit("a\nb").alias("roles"), None),
    ],
)
def test_bad_rows_are_rejected_aloud(
    tmp_path: Path, name: str, change: pl.Expr, event_type: str | None
) -> None:
    facts = read(with_changed(tmp_path / "bad", name, change))
    assert sum(one.rows for one in facts.rejected if one.file == name) > 0
    if event_type == "build_observed":
        assert facts.frames[event_type].drop_nulls("attempt").is_empty()
    elif event_type is not None:
        assert facts.frames[event_type].height == 0
    else:
        assert facts.frames["derivation_observed"]["inputs"].list.len().sum() == 0


def until(place: Path, commit: int) -> Path:
    """A copy of the history up to a commit."""
    shutil.copytree(FOLDER, place)
    commits = pl.read_csv(place / "commits.csv", infer_schema=False)
    commits.filter(pl.col("commit").cast(pl.Int64) <= commit).write_csv(place / "commits.csv")
    for name in ("attributes.parquet", "builds.parquet"):
        table = pl.read_parquet(place / name)
        table.filter(pl.col("commit") <= commit).write_parquet(place / name)
    seen = pl.read_parquet(place / "attributes.parquet")["drv"].drop_nulls().unique().implode()
    for name in ("drvs.parquet", "edges.parquet", "outputs.parquet"):
        table = pl.read_parquet(place / name)
        table.filter(pl.col("drv").is_in(seen)).write_parquet(place / name)
    return place
