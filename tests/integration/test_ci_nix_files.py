"""Files that Nix itself writes (derivations, their JSON, path information, narinfo, realisations), to the log."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from models.derivations import id64
from pipelines.log.store import EventLog
from pipelines.sources.ci.runs import Told
from tests.ci_events import COMMIT, ingest

NIX = Path(__file__).parent.parent / "data" / "nix-recorded"
TOLD = Told(source="https://cache.example.org")
PLACE = "cache.example.org"
WHAT = [
    "name",
    "system",
    "is_fixed_output",
    "outputs",
    "required_features",
    "does_check",
    "inputs",
    "recipe_id64",
]


def logged(var: Path, event_type: str) -> pl.DataFrame:
    return EventLog(var / "log").scan(event_type).collect()


def richest(var: Path) -> list[tuple[object, ...]]:
    """What is known of each derivation in the end."""
    known = logged(var, "derivation_observed").with_columns(
        known=pl.col("recipe_id64").is_not_null()
        + pl.col("inputs").list.eval(pl.element().struct.field("role").is_not_null()).list.sum().fill_null(0)
    )
    return known.sort("name", "known").unique("name", keep="last").sort("name").select(WHAT).rows()


def test_a_folder_of_derivations_is_one_set(tmp_path: Path) -> None:
    (done,) = ingest(tmp_path, NIX / "drv", told=TOLD)
    assert (done.source, done.rejected) == (PLACE, 0)
    told = logged(tmp_path, "derivation_observed")
    assert told.height == 14
    assert told["recipe_id64"].null_count() == 0
    (tool,) = told.filter(pl.col("name") == "tool-0.9").to_dicts()
    lib = id64("q2r8m65mvv4fr55yd0j78g2yg7c02jj9")
    assert tool["inputs"] == [
        {"derivation_id64": lib, "role": "foo", "outputs": ["out"], "is_check_only": False},
        {"derivation_id64": lib, "role": "foodev", "outputs": ["dev"], "is_check_only": False},
    ]
    features = told.filter(pl.col("name").is_in(["structured-1.0", "gpu-test-1.0"])).sort("name")
    assert features["required_features"].to_list() == [["cuda"], ["benchmark"]]
    assert told.filter("is_fixed_output")["name"].sort().to_list() == ["data-bad", "data-good"]
    version = EventLog(tmp_path / "log").version()
    ingest(tmp_path, NIX / "drv", told=TOLD)
    assert EventLog(tmp_path / "log").version() == version


@pytest.mark.parametrize("is_backwards", [False, True])
def test_derivations_that_come_one_by_one_end_up_as_one_set(tmp_path: Path, is_backwards: bool) -> None:
    ingest(tmp_path / "whole", NIX / "drv", told=TOLD)
    inbox = tmp_path / "parts" / "inbox"
    inbox.mkdir(parents=True)
    names = ("libfoo", "tool", "app", "broken", "dependent", "far-dependent")
    files = [next((NIX / "drv").glob(f"{'?' * 32}-{name}-[0-9]*.drv")) for name in names]
    for file in files[::-1] if is_backwards else files:
        shutil.copy(file, inbox)
        ingest(tmp_path / "parts", told=TOLD)
    whole = {row[0]: row for row in richest(tmp_path / "whole")}
    parts = {row[0]: row for row in richest(tmp_path / "parts")}
    assert len(parts) == 6
    assert parts == {name: whole[name] for name in parts}


def test_files_and_json_of_one_derivation_agree(tmp_path: Path) -> None:
    ingest(tmp_path, NIX / "drv", told=TOLD)
    version = EventLog(tmp_path / "log").version()
    shown = sorted((NIX / "store").glob("show-derivation-*.json"))
    assert len(shown) == 5
    done = ingest(tmp_path, *shown, told=TOLD)
    assert [one.rejected for one in done] in ([], [0])
    assert EventLog(tmp_path / "log").version() == version


def test_a_derivation_without_the_name_of_its_path_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    shutil.copy(next((NIX / "drv").glob("*.drv")), tmp_path / "inbox" / "x.drv")
    (done,) = ingest(tmp_path, told=TOLD)
    assert done.rejected == 1


def test_a_cache_and_a_store_tell_the_same_of_content(tmp_path: Path) -> None:
    ingest(tmp_path / "cache", NIX / "cache", NIX / "cache-ca", told=TOLD)
    ingest(tmp_path / "store", *sorted((NIX / "store").glob("path-info*.json")), told=TOLD)
    told = []
    for var in ("cache", "store"):
        outputs = logged(tmp_path / var, "output_observed")
        told.append(
            outputs.sort("path", "id").unique("path", keep="first", maintain_order=True)
            .select("derivation_id64", "output", "path", "nar_hash", "nar_bytes", "references").rows()
        )  # fmt: skip
    assert len(told[0]) == 6
    assert told[0] == told[1]
    app = next(row for row in told[0] if "app-3.0" in row[2])
    assert app == (
        id64("p09k97d90q687xbzf5847kl3g8r43i2q"),
        "out",
        "/nix/store/2zc6xbk6cnaxb56z7i1w1x84srjlhhrx-app-3.0",
        "sha256-nsDUWOIG/+sDHaDnOzuXLPpAzJ9vf92UMnR4OGH+iqo=",
        520,
        ["/nix/store/779wvs1ych4gv5frcx09669vq5yf6wh5-tool-0.9"],
    )
    gaps = logged(tmp_path / "cache", "gap_declared").select("detail", "rows").sort("rows").rows()
    # Three narinfos are of derivations; realisations of 2.8 name none.
    assert [rows for detail, rows in gaps if "are derivations" in detail] == [1]
    assert any("name no derivation" in detail for detail, _ in gaps)


def test_what_a_cache_told_without_sizes_is_filled_by_what_a_store_tells(tmp_path: Path) -> None:
    ingest(tmp_path, NIX / "cache", told=TOLD)
    ingest(tmp_path, NIX / "store" / "path-info-closure.json", told=TOLD)
    app = logged(tmp_path, "output_observed").filter(pl.col("path").str.contains("app-3.0")).sort("id")
    assert app.select("file_bytes", "closure_bytes").rows() == [(232, None), (232, 1520)]
    assert app["id"][1].startswith(app["id"][0] + ":")


def test_nix_eval_jobs_tells_inputs_and_a_set(tmp_path: Path) -> None:
    drv = "/nix/store/" + "1" * 32 + "-{}-1.drv"
    lines = [
        {
            "attr": f"{name}.x86_64-linux",
            "system": "x86_64-linux",
            "drvPath": drv.format(name),
            "outputs": {"out": drv.format(name)[:-4]},
            "inputDrvs": {"/nix/store/" + "2" * 32 + "-lib-1.drv": ["dev", "out"]},
            "requiredSystemFeatures": ["cuda"],
        }
        for name in ("app",)
    ]
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "jobs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    told = Told(source="https://cache.example.org", commit=COMMIT, exit_code=0)
    (done,) = ingest(tmp_path, told=told)
    assert done.rejected == 0
    (app,) = logged(tmp_path, "derivation_observed").to_dicts()
    assert app["inputs"] == [
        {"derivation_id64": id64("2" * 32), "role": None, "outputs": ["dev", "out"], "is_check_only": None}
    ]
    assert (app["is_fixed_output"], app["recipe_id64"], app["required_features"]) == (None, None, ["cuda"])
    (listed,) = logged(tmp_path, "package_set_evaluated").to_dicts()
    assert (listed["package_set"], listed["revision"], listed["attr"]) == ("nixpkgs", COMMIT, "app")
    assert listed["is_partial"] is False
