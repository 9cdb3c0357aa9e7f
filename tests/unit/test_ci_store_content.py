"""What stores and caches say of paths: broken records are rejected by themselves, what nobody can use is left."""

import json
from datetime import UTC, datetime

from models.vocabulary import STATUS_CLASSES
from pipelines.sources.ci import narinfo, path_info, records
from pipelines.sources.ci.runs import Job, Reading, Told

TOLD = Told(source="https://cache.example.org", file_at=datetime(2026, 3, 1, tzinfo=UTC))
PATH = "/nix/store/" + "1" * 32 + "-app-3.0"
DRV = "/nix/store/" + "2" * 32 + "-app-3.0.drv"
HASH = "sha256-nsDUWOIG/+sDHaDnOzuXLPpAzJ9vf92UMnR4OGH+iqo="
INFO = {"path": PATH, "deriver": DRV, "narHash": HASH, "narSize": 520, "references": []}
LINES = {
    "StorePath": PATH,
    "URL": "nar/x.nar",
    "NarHash": HASH,
    "NarSize": "520",
    "References": "",
    "Deriver": DRV[11:],
}


def told(reading: Reading) -> tuple[list[str], list[str]]:
    """Outputs by name, and why the others were rejected."""
    names = [] if reading.outputs is None else reading.outputs["output"].to_list()
    return names, [one.reason for one in reading.rejected]


def cache(*pairs: tuple[str, str]) -> Reading:
    lines = [f"{key}: {value}\n".encode() for key, value in pairs]
    assert narinfo.recognises(b"".join(lines))
    return narinfo.read(lines, TOLD, "x.narinfo")


def test_a_path_that_no_derivation_of_its_name_made_is_rejected() -> None:
    other = INFO | {"path": PATH.replace("app-3.0", "tool-1")}
    of_app = INFO | {"path": PATH + "-dev"}
    names, reasons = told(path_info.read([json.dumps([INFO, other, of_app]).encode()], TOLD, "x.json"))
    assert names == ["out", "dev"]
    assert reasons == [
        "path that cannot be used: 'tool-1' is no output of 'app-3.0': the deriver is another one's"
    ]


def test_a_path_that_is_not_there_is_neither_told_nor_a_fault() -> None:
    gone = {"path": PATH, "valid": False}
    assert told(path_info.read([json.dumps([INFO, gone]).encode()], TOLD, "x.json")) == (["out"], [])
    assert told(path_info.read([json.dumps({PATH: None}).encode()], TOLD, "x.json")) == ([], [])
    _, reasons = told(path_info.read([json.dumps([{"path": PATH, "valid": True}]).encode()], TOLD, "x.json"))
    assert reasons == ["path that cannot be used: neither hash nor size of an archive"]


def test_a_narinfo_says_each_thing_once_but_its_signatures() -> None:
    assert told(cache(*LINES.items(), ("Sig", "a:x"), ("Sig", "b:y"))) == (["out"], [])
    names, (reason,) = told(cache(*LINES.items(), ("NarSize", "521")))
    assert (names, reason) == ([], "narinfo that cannot be used: 'NarSize' twice")


def test_of_results_of_one_job_the_worst_counts() -> None:
    """An own failure before any other, that before no result, and a success last of all."""
    order = ("failed", "timed-out", "dependency-failed", "unknown", "succeeded")
    assert set(order) <= STATUS_CLASSES.keys()
    for at, worse in enumerate(order):
        for better in order[at + 1 :]:
            for jobs in ((worse, better), (better, worse)):
                (job,) = records.worst(Job("a", "x86_64-linux", status, "") for status in jobs)
                assert job.status == worse
    unsure = Job("a", "x86_64-linux", "failed", "", cause_known=False)
    (job,) = records.worst([unsure, Job("a", "x86_64-linux", "hash-mismatch", "")])
    assert job.status == "hash-mismatch"
