"""The bundled derivation graph and version updates: read whole, repeatable, not to be spoilt by bad rows."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from models.derivations import id64, split_name
from pipelines import ingest, sources
from pipelines.errors import BadInput
from pipelines.log.store import EventLog
from pipelines.log.verify import verify
from pipelines.paths import EXAMPLES
from pipelines.sources import nixpkgs_graph, version_updates
from pipelines.sources.base import Facts, Known
from tests import histories

GRAPH = EXAMPLES / "histories" / "nixpkgs-graph"
UPDATES = EXAMPLES / "histories" / "nixpkgs-version-updates"
REVISION = "a8dd4d8e538fbb6fea9e2e0af14f057817d53d72"
COMMITTED_AT = datetime(2017, 7, 17, 12, 23, 47, tzinfo=UTC)
NOTHING_KNOWN = Known(lambda event_type, source: set())


def read(path: Path) -> Facts:
    return nixpkgs_graph.read(path, NOTHING_KNOWN, histories.quiet)


def tree_bytes(path: Path) -> int:
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


@pytest.fixture(scope="module")
def bundled() -> Facts:
    return read(GRAPH)


def test_the_graph_is_read_whole(bundled: Facts) -> None:
    found = bundled.frames["derivation_observed"]
    nodes = pl.read_parquet(GRAPH / "nodes-a8dd4d8e538f.parquet")
    edges = pl.read_parquet(GRAPH / "edges-a8dd4d8e538f.parquet")
    assert found.height == nodes.height == 36_482
    assert found["is_fixed_output"].sum() == 19_440
    items = (
        found.select("derivation_id64", "inputs")
        .explode("inputs")
        .drop_nulls()
        .unnest("inputs", separator=":")
    )
    assert items["inputs:outputs"].list.len().sum() == edges.height == 239_672
    assert items.filter("inputs:is_check_only")["inputs:outputs"].list.len().sum() == 88
    assert set(found["observed_at"]) == {COMMITTED_AT}
    assert bundled.rejected == []


def test_hashes_become_numbers_and_edges_name_hashes(bundled: Facts) -> None:
    found = bundled.frames["derivation_observed"]
    nodes = pl.read_parquet(GRAPH / "nodes-a8dd4d8e538f.parquet")
    some = found.gather_every(500)
    assert [id64(drv_hash) for drv_hash in some["drv_hash"]] == some["derivation_id64"].to_list()
    assert found["derivation_id64"].n_unique() == found.height
    number = dict(zip(nodes["id"], found.sort("drv_hash")["derivation_id64"], strict=True))
    (openssl,) = nodes.filter(pl.col("name") == "openssl-1.1.0f")["id"]
    edges = pl.read_parquet(GRAPH / "edges-a8dd4d8e538f.parquet").filter(pl.col("drv") == openssl)
    (told,) = found.filter(pl.col("derivation_id64") == number[openssl])["inputs"].to_list()
    assert {item["derivation_id64"] for item in told} == {number[node] for node in edges["input"]}
    assert {item["role"] for item in told} == set(edges["roles"].cast(pl.String))


def test_names_split_as_the_history_splits_them() -> None:
    nodes = pl.read_parquet(GRAPH / "nodes-a8dd4d8e538f.parquet", columns=["name", "pname", "version"])
    assert all(split_name(name) == (pname, version) for name, pname, version in nodes.iter_rows())


def test_the_package_set_names_its_revision(bundled: Facts) -> None:
    found = bundled.frames["package_set_evaluated"]
    assert found.height == found["attr"].n_unique() == 13_620
    assert set(found["revision"]) == {REVISION}
    assert set(found["is_partial"]) == {True}
    (identity,) = set(found["id"])
    assert identity.startswith(f"github.com/NixOS/nixpkgs:package-set:nixpkgs:{REVISION}:")


def test_both_histories_are_recognised_by_content(tmp_path: Path) -> None:
    for folder, source in ((GRAPH, nixpkgs_graph), (UPDATES, version_updates)):
        assert sources.recognise(folder) is source
        copy = tmp_path / "holiday pictures" / folder.name
        shutil.copytree(folder, copy)
        assert sources.recognise(copy) is source
    with pytest.raises(BadInput, match="no history that is known"):
        sources.recognise(tmp_path)


def test_saying_it_twice_appends_nothing_and_the_log_is_not_larger_than_a_fifth_more(tmp_path: Path) -> None:
    log = histories.ingest_all((GRAPH, UPDATES), tmp_path)
    first = log.version()
    assert [{name: rows for name, rows, _ in batch.tables} for batch in log.batches()] == [
        {"derivation_observed": 36_482, "package_set_evaluated": 13_620, "source_declared": 1},
        {"package_updated": 23_932, "gap_declared": 1, "source_declared": 1},
    ]
    for folder in (GRAPH, UPDATES):
        assert ingest.history(folder, log, tmp_path / "quarantine", histories.quiet).batch is None
    assert log.version() == first
    assert verify(log, histories.quiet).problems == []
    assert tree_bytes(log.path) <= 1.2 * (tree_bytes(GRAPH) + tree_bytes(UPDATES))


def test_updates_are_told_as_authors_wrote_them() -> None:
    facts = version_updates.read(UPDATES, NOTHING_KNOWN, histories.quiet)
    found = facts.frames["package_updated"]
    (pillow,) = found.filter(pl.col("revision") == REVISION).to_dicts()
    assert (pillow["attr"], pillow["from_version"], pillow["to_version"]) == (
        "pythonPackages.pillow",
        "3.4.2",
        "4.2.1",
    )
    assert pillow["occurred_at"] == COMMITTED_AT
    (bad,) = facts.rejected
    assert bad.reason.startswith("update without a usable")
    assert b"4b7b083bcbfffe0cddc79eb618fbf316918dea6b" in bad.content


def small(folder: Path, **changed: pl.DataFrame) -> Path:
    """A graph of three derivations, two of them attributes: c needs b, b needs a."""
    hashes = [letter * 32 for letter in "abc"]
    tables = {
        "nodes": pl.DataFrame(
            {
                "id": [0, 1, 2],
                "hash": hashes,
                "name": ["a-1", "b-1", "c-1"],
                "system": ["x86_64-linux"] * 3,
                "outputs": ["out", "out dev", "out"],
                "fixed_output": [False, False, False],
                "n_inputs": [0, 1, 1],
                "features": ["", "big-parallel kvm", ""],
                "prefer_local": ["", "1", ""],
                "do_check": ["", "", "1"],
            }
        ),
        "edges": pl.DataFrame(
            {
                "drv": [1, 2, 2],
                "input": [0, 1, 1],
                "output": ["out", "out", "dev"],
                "roles": ["buildInputs", "buildInputs", "buildInputs"],
                "check_only": [False, False, False],
            }
        ),
        "jobs": pl.DataFrame({"attr": ["b", "c"], "drv": [1, 2]}),
    }
    folder.mkdir(exist_ok=True, parents=True)
    for name, frame in (tables | changed).items():
        frame.write_parquet(folder / f"{name}.parquet")
    (folder / "list.csv").write_text(
        "revision,committed_at,nodes,edges,jobs,is_partial\n"
        f"{REVISION},2017-07-17T12:23:47Z,nodes.parquet,edges.parquet,jobs.parquet,false\n"
    )
    return folder


def told(facts: Facts) -> tuple[list[str], list[str], list[str]]:
    """Names of derivations, attributes, and reasons of rejects."""
    return (
        facts.frames["derivation_observed"]["name"].sort().to_list(),
        facts.frames["package_set_evaluated"]["attr"].sort().to_list(),
        [one.reason for one in facts.rejected],
    )


def table(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(small(folder) / f"{name}.parquet")


def test_outputs_of_one_input_in_one_role_are_one_edge(tmp_path: Path) -> None:
    facts = read(small(tmp_path))
    assert told(facts) == (["a-1", "b-1", "c-1"], ["b", "c"], [])
    rows = {row["name"]: row for row in facts.frames["derivation_observed"].to_dicts()}
    assert [item["outputs"] for item in rows["c-1"]["inputs"]] == [["dev", "out"]]
    assert rows["b-1"]["required_features"] == ["big-parallel", "kvm"]
    assert (rows["b-1"]["outputs"], rows["b-1"]["prefers_local"], rows["c-1"]["does_check"]) == (
        ["out", "dev"],
        True,
        True,
    )


@pytest.mark.parametrize("wrong", ["e" * 32, "a" * 31, "../../etc/passwd", ""])
def test_a_derivation_without_a_hash_takes_its_users_edge_with_it(tmp_path: Path, wrong: str) -> None:
    nodes = table(tmp_path / "good", "nodes").with_columns(
        hash=pl.when(pl.col("id") == 1).then(pl.lit(wrong)).otherwise("hash")
    )
    names, attrs, reasons = told(read(small(tmp_path / "bad", nodes=nodes)))
    # c cannot be told whole: one of its edges leads to something without identity.
    assert (names, attrs) == (["a-1"], ["c"])
    assert reasons == [
        "derivation without a usable number, hash, name, system or outputs",
        *["edge without usable derivations, output or roles"] * 3,
        "derivation with other inputs than it counts",
        "attribute without a usable name or derivation, or named twice",
    ]


def test_a_derivation_that_lacks_an_edge_is_not_told_and_its_user_keeps_the_edge(tmp_path: Path) -> None:
    edges = table(tmp_path / "good", "edges").filter(pl.col("drv") != 1)
    facts = read(small(tmp_path / "bad", edges=edges))
    assert told(facts) == (["a-1", "c-1"], ["b", "c"], ["derivation with other inputs than it counts"])
    (needs,) = facts.frames["derivation_observed"].filter(pl.col("name") == "c-1")["inputs"].to_list()
    assert [item["derivation_id64"] for item in needs] == [id64("b" * 32)]


def test_derivations_that_need_each_other_are_not_told(tmp_path: Path) -> None:
    edges = pl.concat(
        [
            table(tmp_path / "good", "edges"),
            table(tmp_path / "good", "edges")
            .head(1)
            .with_columns(drv=pl.lit(0, pl.Int64), input=pl.lit(2, pl.Int64)),
        ]
    )
    nodes = table(tmp_path / "good", "nodes").with_columns(n_inputs=pl.lit(1, pl.Int64))
    names, attrs, reasons = told(read(small(tmp_path / "bad", nodes=nodes, edges=edges)))
    assert (names, attrs) == ([], ["b", "c"])
    assert reasons == ["derivation that needs itself, or what does"] * 3


def test_a_number_or_hash_twice_and_bad_words_are_rejected(tmp_path: Path) -> None:
    nodes = table(tmp_path / "good", "nodes")
    twice = nodes.head(1).with_columns(name=pl.lit("other-1"), id=pl.lit(7, pl.Int64))
    bad = nodes.head(1).with_columns(id=pl.lit(8, pl.Int64), hash=pl.lit("d" * 32), name=pl.lit("a\nb"))
    names, _, reasons = told(read(small(tmp_path / "bad", nodes=pl.concat([nodes, twice, bad]))))
    assert names == ["a-1", "b-1", "c-1"]
    assert reasons == [
        "derivation without a usable number, hash, name, system or outputs",
        "derivation whose number or hash is another's",
    ]


@pytest.mark.parametrize("name", ["nodes", "edges", "jobs"])
def test_a_missing_or_damaged_table_is_told_in_a_sentence(tmp_path: Path, name: str) -> None:
    folder = small(tmp_path)
    (folder / f"{name}.parquet").unlink()
    with pytest.raises(BadInput, match=f"{name}.parquet is not there or lacks the columns"):
        read(folder)
    (folder / f"{name}.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(BadInput, match=f"{name}.parquet is not a readable Parquet file"):
        read(folder)


def test_a_second_revision_tells_only_what_is_new(tmp_path: Path) -> None:
    folder = small(tmp_path / "graph")
    log = EventLog(tmp_path / "log")
    ingest.history(folder, log, tmp_path / "quarantine", histories.quiet)
    nodes = table(tmp_path / "other", "nodes").with_columns(
        hash=pl.when(pl.col("id") == 2).then(pl.lit("d" * 32)).otherwise("hash")
    )
    small(tmp_path / "newer", nodes=nodes)
    for name in ("nodes", "edges", "jobs"):
        shutil.copy(tmp_path / "newer" / f"{name}.parquet", folder / f"{name}-2.parquet")
    with (folder / "list.csv").open("a") as file:
        file.write(f"{'b' * 40},2017-08-17T12:23:47Z,nodes-2.parquet,edges-2.parquet,jobs-2.parquet,false\n")
    done = ingest.history(folder, log, tmp_path / "quarantine", histories.quiet)
    assert done.batch is not None
    assert {name: rows for name, rows, _ in done.batch.tables} == {
        "derivation_observed": 1,
        "package_set_evaluated": 2,
        "source_declared": 1,
    }
