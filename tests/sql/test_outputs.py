"""Contents of outputs: what several archives of one output tell."""

from pathlib import Path

import pytest

from models.events import OutputObserved
from pipelines.log import schema
from pipelines.log.store import EventLog
from tests import graphs
from tests.sql import harness


@pytest.mark.parametrize(
    ("archives", "differs"),
    [
        ([("a", 1)], None),
        ([("a", None), ("b", None)], None),
        ([("a", 1), ("b", None)], None),
        ([("a", 1), ("b", 1)], False),
        ([("a", 1), ("a", None), ("b", 1)], False),
        ([("a", 1), ("b", 2)], True),
        ([("a", 1), ("b", 2), ("c", None)], True),
    ],
)
def test_only_archives_that_were_looked_into_tell_whether_builds_differ(
    tmp_path: Path, archives: list[tuple[str, int | None]], differs: bool | None
) -> None:
    told = [
        OutputObserved(
            id=f"ci:{number}",
            source="ci",
            observed_at=graphs.AT,
            derivation_id64=1,
            output="out",
            nar_hash=f"sha256-{archive}",
            names_keyed_id64=keyed,
        )
        for number, (archive, keyed) in enumerate(archives)
    ]
    log = EventLog(tmp_path / "log")
    with log.writer_lock():
        log.append({"output_observed": schema.frame_of(told)}, "given")
    with harness.build_from(log, "core.outputs") as con:
        rows = con.execute("select contents, differs_from_itself from core.outputs").fetchall()
    assert rows == [(len({archive for archive, _ in archives}), differs)]
