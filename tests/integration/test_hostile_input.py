"""Malformed, truncated and hostile input: what is bad is kept apart, counted and shown; what is good is kept."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from pipelines import ingest
from pipelines.errors import BadInput
from pipelines.log import verify
from pipelines.log.store import EventLog
from tests import histories

SCRIPT = "<script>alert(1)</script>"
OUTSIDE = "../../../../etc/passwd"
HUGE = "x" * 5_000_000
JOBS, REPORTS, TOTALS = "job_observations.parquet", "snapshots.parquet", "platform_counts.parquet"
Tables = dict[str, tuple[int, int]]


@pytest.fixture(scope="module")
def haskell(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six reports of haskell-updates."""
    numbers = pl.read_parquet(histories.HASKELL / REPORTS).filter(histories.sample_window())["snapshot"]
    wanted = numbers.sort().head(6).implode()
    return histories.cut_haskell(
        tmp_path_factory.mktemp("haskell") / "clean", pl.col("snapshot").is_in(wanted)
    )


@pytest.fixture(scope="module")
def trunk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first polls of trunk."""
    return histories.cut_trunk(tmp_path_factory.mktemp("trunk") / "clean", "2025-09-10")


@pytest.fixture(scope="module")
def clean_haskell(haskell: Path, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    return _tables(histories.ingest_all([haskell], tmp_path_factory.mktemp("var")))


@pytest.fixture(scope="module")
def clean_trunk(trunk: Path, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    return _tables(histories.ingest_all([trunk], tmp_path_factory.mktemp("var")))


def _seen(log: EventLog) -> tuple[list[tuple[str, int]], Tables]:
    """Gaps, and the contents of all other tables."""
    con = histories.build(log)
    gaps = con.execute("select detail, missing_rows from core.gaps order by all").fetchall()
    tables = {name: rows for name, rows in histories.contents(con).items() if name != "core.gaps"}
    con.close()
    return gaps, tables


def _tables(log: EventLog) -> Tables:
    return _seen(log)[1]


def _with(folder: Path, target: Path, file: str, *changes: dict[str, object]) -> Path:
    """A copy of the folder whose `file` has more rows: each the first row of the newest report, changed."""
    shutil.copytree(folder, target)
    frame = pl.read_parquet(target / file)
    by = "snapshot" if "snapshot" in frame.columns else "eval_id"
    newest = frame.filter(pl.col(by) == pl.col(by).max()).row(0, named=True)
    rows = [newest | change for change in changes]
    more = pl.DataFrame(rows, schema=frame.schema, orient="row")
    pl.concat([frame, more]).write_parquet(target / file)
    return target


JOB = "job without a usable name, system, build or status"
REPORT = "report without a number, a commit, a time since 2015 or an evaluation"
TOTAL = "total without a usable system, status or number"
BAD_ROWS: dict[str, tuple[str, str, list[dict[str, object]]]] = {
    "names of jobs": (JOBS, JOB, [{"attr": a} for a in ("", None, HUGE, "a\x00b", "a\nb", "a\x1b[31mb")]),
    "systems of jobs": (
        JOBS,
        JOB,
        [{"platform": p} for p in (None, "", SCRIPT, OUTSIDE, HUGE, "x86_64-linux\n")],
    ),
    "statuses of jobs": (JOBS, JOB, [{"status": s} for s in (None, "", HUGE, "Failed\x00")]),
    "builds": (JOBS, JOB, [{"build_id": b} for b in (None, 0, -5, 2**62, -(2**63), 2**63 - 1)]),
    "jobs of no report": (
        JOBS,
        "job of a report that is not there",
        [{"snapshot": s} for s in (None, 0, 2**32 - 1)],
    ),
    "jobs without totals": (
        JOBS,
        "job on a system for which its report gives no totals",
        [{"platform": "riscv64-linux"}, {"platform": "x86_64-freebsd"}],
    ),
    "commits of reports": (
        REPORTS,
        REPORT,
        [{"report_commit": c} for c in (None, "", SCRIPT, OUTSIDE, "f" * 39, HUGE)],
    ),
    "times of reports": (
        REPORTS,
        REPORT,
        [
            {"as_of": t}
            for t in (
                None,
                datetime(1969, 1, 1, tzinfo=UTC).replace(tzinfo=None),
                datetime(2014, 12, 31, tzinfo=UTC).replace(tzinfo=None),
                datetime(2100, 1, 1, tzinfo=UTC).replace(tzinfo=None),
                datetime(9999, 1, 1, tzinfo=UTC).replace(tzinfo=None),
            )
        ],
    ),
    "evaluations of reports": (REPORTS, REPORT, [{"eval_id": e} for e in (None, 0, -1, 2**62)]),
    "numbers of reports": (
        REPORTS,
        REPORT,
        [{"snapshot": s, "report_commit": f"{n:040x}"} for n, s in enumerate((None, 2**32 - 1, 20_000_000))],
    ),
    "reports told twice": (
        REPORTS,
        "report whose commit or number another one has",
        [{"eval_id": 99, "snapshot": 9_999_999}],
    ),
    "systems of totals": (TOTALS, TOTAL, [{"platform": p} for p in (None, SCRIPT, OUTSIDE, HUGE)]),
    "statuses of totals": (TOTALS, TOTAL, [{"status": s} for s in (None, "", HUGE)]),
    "numbers of totals": (TOTALS, TOTAL, [{"n": n, "status": "Other"} for n in (None, -1, -(2**31))]),
    "totals told twice": (
        TOTALS,
        "total that contradicts another one of the same report, system and status",
        [{"n": 2_000_000_000}, {"n": 2_000_000_001}],
    ),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_bad_rows_of_haskell_do_not_spoil_the_others(
    case: str, haskell: Path, clean_haskell: Tables, tmp_path: Path
) -> None:
    file, reason, changes = BAD_ROWS[case]
    folder = _with(haskell, tmp_path / "in" / "folder", file, *changes)
    var = tmp_path / "var"
    log = EventLog(var / "log")
    done = ingest.history(folder, log, var / "quarantine", histories.quiet)
    assert done.rejected == len(changes)
    assert f"{len(changes)} inputs rejected" in done.sentence()
    gaps, tables = _seen(log)
    assert gaps == [(f"{file}: {reason}", len(changes))]
    assert histories.unequal(tables, clean_haskell) == []
    _kept_apart(var, tmp_path, 0 if "no report" in case else len(changes))
    version = log.version()
    ingest.history(folder, log, var / "quarantine", histories.quiet)
    assert log.version() == version


def _kept_apart(var: Path, below: Path, contents: int) -> None:
    """Quarantine holds the contents under names that are hashes, bounded, and nothing was written elsewhere."""
    kept = sorted((var / "quarantine").glob("*")) if (var / "quarantine").exists() else []
    assert len([path for path in kept if path.suffix == ".bin"]) == contents
    assert all(len(path.stem) == 64 and set(path.stem) <= set("0123456789abcdef") for path in kept)
    assert all(path.stat().st_size <= 64 * 1024 for path in kept)
    for path in kept:
        if path.suffix == ".json":
            assert json.loads(path.read_text())["source"] == "hydra.nixos.org"
    assert {path.name for path in below.iterdir()} == {"in", "var"}
    assert {path.name for path in var.iterdir()} <= {"log", "log.lock", "quarantine"}


def test_a_job_that_is_named_twice_counts_once_whatever_the_order(
    haskell: Path, clean_haskell: Tables, tmp_path: Path
) -> None:
    """The first by build is kept, the other ones are gaps."""
    one = _with(haskell, tmp_path / "one", JOBS, {"build_id": 998}, {"build_id": 999})
    other = tmp_path / "other"
    shutil.copytree(one, other)
    pl.read_parquet(one / JOBS).reverse().write_parquet(other / JOBS)
    for n, folder in enumerate((one, other)):
        log = EventLog(tmp_path / f"var{n}" / "log")
        assert ingest.history(folder, log, log.path.parent / "quarantine", histories.quiet).rejected == 2
        gaps, tables = _seen(log)
        assert gaps == [("lists: job that its list names twice", 2)]
        assert histories.unequal(tables, clean_haskell) == []


def test_numbers_in_floating_point_are_read_where_they_are_whole(
    haskell: Path, clean_haskell: Tables, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    shutil.copytree(haskell, folder)
    frame = pl.read_parquet(folder / JOBS).with_columns(pl.col("build_id").cast(pl.Float64))
    rows = [
        frame.row(0, named=True) | {"build_id": b} for b in (float("nan"), float("inf"), 1.5, -1.0, 1e300)
    ]
    pl.concat([frame, pl.DataFrame(rows, schema=frame.schema, orient="row")]).write_parquet(folder / JOBS)
    counts = pl.read_parquet(folder / TOTALS).with_columns(pl.col("n").cast(pl.Float64))
    nan = counts.head(1).with_columns(n=pl.lit(float("nan")), status=pl.lit("Other"))
    pl.concat([counts, nan]).write_parquet(folder / TOTALS)
    log = EventLog(tmp_path / "log")
    assert ingest.history(folder, log, tmp_path / "quarantine", histories.quiet).rejected == 6
    assert histories.unequal(_tables(log), clean_haskell) == []


def test_hostile_names_that_could_be_names_are_kept_as_they_are(haskell: Path, tmp_path: Path) -> None:
    """A name is text and never a path or markup; escaping it is the page's work."""
    names = [
        SCRIPT,
        OUTSIDE,
        "'; drop table core.evaluations; --",
        "${jndi:ldap://x}",
        "a" * 500,
        "ünï 日本 🙂",
        "|",
    ]
    folder = _with(
        haskell, tmp_path / "folder", JOBS, *({"attr": n, "build_id": 9 + i} for i, n in enumerate(names))
    )
    log = EventLog(tmp_path / "log")
    assert ingest.history(folder, log, tmp_path / "quarantine", histories.quiet).rejected == 0
    con = histories.build(log)
    seen = con.execute(
        "select distinct attr from core.job_intervals where attr in (select unnest($1))", [names]
    )
    assert sorted(row[0] for row in seen.fetchall()) == sorted(names)
    assert con.execute("select count(*) from replay.listing_checks where not is_usable").fetchall() == [(0,)]
    con.close()
    assert verify.verify(log).problems == []


def test_words_of_status_that_nobody_knows_are_neutral_and_counted(haskell: Path, tmp_path: Path) -> None:
    odd = {"status": SCRIPT, "attr": "odd", "build_id": 11}
    folder = _with(haskell, tmp_path / "folder", JOBS, odd)
    log = histories.ingest_all([folder], tmp_path / "var")
    con = histories.build(log)
    assert con.execute(
        "select status, status_class from core.job_intervals where attr = 'odd'"
    ).fetchall() == [("unknown", "neutral")]
    con.close()
    assert log.scan("build_observed").filter(pl.col("attr") == "odd").collect()[
        "source_status"
    ].to_list() == [SCRIPT]


def _line(text: str) -> Callable[[bytes], bytes]:
    return lambda content: content + text.encode() + b"\n"


COMMIT = "0" * 39 + "1"
BAD_LINES: dict[str, tuple[str, Callable[[bytes], bytes], str]] = {
    "too few fields": (
        "observations.csv",
        _line("trunk,abc"),
        "row has another number of fields than the header",
    ),
    "a stray quote": (
        "observations.csv",
        _line('"trunk,abc'),
        "row is not well-formed: quotes or control characters",
    ),
    "not UTF-8": ("observations.csv", lambda content: content + b"\xff\xfe,1,2,3,4\n", "row is not UTF-8"),
    "cut off": ("observations.csv", lambda content: content + b"trunk,abcd", "the file ends within this row"),
    "a job set that is a path": (
        "observations.csv",
        _line(f"{OUTSIDE},{COMMIT},2025-09-09T00:00:00Z,1817900,5"),
        "jobset is not a name of at most 100 letters, digits and . _ + -",
    ),
    "a negative number": (
        "observations.csv",
        _line(f"trunk,{COMMIT},2025-09-09T00:00:00Z,1817900,-5"),
        "n_failed is not a whole number",
    ),
    "not a number": (
        "observations.csv",
        _line(f"trunk,{COMMIT},2025-09-09T00:00:00Z,1817900,NaN"),
        "n_failed is not a whole number",
    ),
    "a negative time": (
        "observations.csv",
        _line(f"trunk,{COMMIT},-2025-09-09T00:00:00Z,1817900,5"),
        "observed_at is not a UTC instant between 2003 and 2100, as 2018-06-14T21:57:18Z",
    ),
    "an impossible day": (
        "observations.csv",
        _line(f"trunk,{COMMIT},2025-02-30T00:00:00Z,1817900,5"),
        "observed_at is not a UTC instant between 2003 and 2100, as 2018-06-14T21:57:18Z",
    ),
    "a huge line": ("observations.csv", _line(f"{HUGE},1,2,3,4"), "row is longer than 65,536 bytes"),
    "a system that is markup": (
        "eval_systems.csv",
        _line(f"1817899,{SCRIPT},1,,,,false"),
        "system is not a Nix system",
    ),
    "an evaluation of nobody": (
        "eval_systems.csv",
        _line("-3,x86_64-linux,1,,,,false"),
        "eval_id is not a positive whole number",
    ),
}


@pytest.mark.parametrize("case", BAD_LINES)
def test_bad_lines_of_trunk_do_not_spoil_the_others(
    case: str, trunk: Path, clean_trunk: Tables, tmp_path: Path
) -> None:
    file, spoil, reason = BAD_LINES[case]
    folder = tmp_path / "in" / "folder"
    shutil.copytree(trunk, folder)
    (folder / file).write_bytes(spoil((folder / file).read_bytes()))
    var = tmp_path / "var"
    log = EventLog(var / "log")
    assert ingest.history(folder, log, var / "quarantine", histories.quiet).rejected == 1
    gaps, tables = _seen(log)
    assert gaps == [(f"{file}: {reason}", 1)]
    assert histories.unequal(tables, clean_trunk) == []
    _kept_apart(var, tmp_path, 1)


def test_bad_failures_of_trunk_do_not_spoil_the_others(
    trunk: Path, clean_trunk: Tables, tmp_path: Path
) -> None:
    changes: list[dict[str, object]] = [
        *({"job": job} for job in (None, "", HUGE, "a\x00")),
        *({"system": system} for system in (None, SCRIPT, OUTSIDE)),
        *({"build_id": build} for build in (None, 0, -1)),
        *({"eval_id": evaluation} for evaluation in (None, -1)),
        {"eval_id": 1},
    ]
    folder = _with(trunk, tmp_path / "folder", "failures.parquet", *changes)
    log = EventLog(tmp_path / "log")
    assert ingest.history(folder, log, tmp_path / "quarantine", histories.quiet).rejected == len(changes)
    gaps, tables = _seen(log)
    assert gaps == [
        ("failures.parquet: failure in an evaluation that no poll names", 1),
        ("failures.parquet: failure without a usable name, system, build or evaluation", len(changes) - 1),
    ]
    assert histories.unequal(tables, clean_trunk) == []


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-50])


def _spoilt(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for place in range(100, len(content) // 2, 3):
        content[place] ^= 0xFF
    path.write_bytes(content)


def _without(column: str) -> Callable[[Path], None]:
    return lambda path: pl.read_parquet(path).drop(column).write_parquet(path)


def _as_text(column: str) -> Callable[[Path], None]:
    return lambda path: pl.read_parquet(path).with_columns(pl.col(column).cast(pl.String)).write_parquet(path)


UNREADABLE: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "truncated": (JOBS, _cut, "is not a readable Parquet file"),
    "empty": (REPORTS, lambda path: path.write_bytes(b""), "is not a readable Parquet file"),
    "text": (
        TOTALS,
        lambda path: path.write_text("snapshot,platform,status,n\n1,2,3,4\n"),
        "is not a readable",
    ),
    "bytes changed within": (JOBS, _spoilt, "cannot be read as hydra-haskell-updates"),
    "gone": (
        JOBS,
        lambda path: path.unlink(),
        "holds no history that is known. Known are: hydra-haskell-updates",
    ),
    "a folder": (JOBS, lambda path: (path.unlink(), path.mkdir()), "holds no history that is known"),
    "without a column": (REPORTS, _without("eval_id"), "holds no history that is known"),
    "times as text": (REPORTS, _as_text("as_of"), "has no instants in `as_of`"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_file_that_cannot_be_read_at_all_ends_in_one_sentence(
    case: str, haskell: Path, tmp_path: Path
) -> None:
    file, spoil, said = UNREADABLE[case]
    folder = tmp_path / "folder"
    shutil.copytree(haskell, folder)
    spoil(folder / file)
    log = EventLog(tmp_path / "var" / "log")
    with pytest.raises(BadInput) as caught:
        ingest.history(folder, log, tmp_path / "var" / "quarantine", histories.quiet)
    sentence = str(caught.value)
    assert said in sentence
    assert str(folder) in sentence
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert log.batches() == []
    assert ingest.history(haskell, log, tmp_path / "var" / "quarantine", histories.quiet).batch is not None


@pytest.mark.parametrize(
    "file", ["observations.csv", "eval_systems.csv", "evaluations.csv", "failures.parquet"]
)
def test_a_trunk_history_with_a_damaged_file_ends_in_one_sentence(
    file: str, trunk: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    shutil.copytree(trunk, folder)
    (folder / file).write_bytes(b"\x00\x01\x02")
    with pytest.raises(BadInput) as caught:
        ingest.history(folder, EventLog(tmp_path / "log"), tmp_path / "quarantine", histories.quiet)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_path_that_is_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file", tmp_path / "nowhere"):
        with pytest.raises(BadInput, match="is not a folder"):
            ingest.history(path, EventLog(tmp_path / "log"), tmp_path / "quarantine", histories.quiet)


def test_a_folder_of_which_nothing_can_be_used_leaves_only_gaps(haskell: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    shutil.copytree(haskell, folder)
    reports = pl.read_parquet(folder / REPORTS)
    reports.with_columns(report_commit=pl.lit(SCRIPT)).write_parquet(folder / REPORTS)
    log = EventLog(tmp_path / "log")
    done = ingest.history(folder, log, tmp_path / "quarantine", histories.quiet)
    assert done.rejected == reports.height
    assert done.batch is not None
    assert [name for name, _, _ in done.batch.tables] == ["gap_declared"]
    assert _seen(log)[0] == [(f"{REPORTS}: {REPORT}", reports.height)]
