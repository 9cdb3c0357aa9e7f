"""Read-only questions to the finished warehouse, and episodes under any preset."""

import csv
import io
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl
from rich import box
from rich.console import Console
from rich.table import Table

from models.presets import PRESETS
from pipelines import warehouse
from pipelines.building import WarehouseBuild
from pipelines.errors import BadInput
from pipelines.log.store import EventLog

ROWS_ON_TERMINAL = 200


def ask(path: Path, sql: str) -> pl.DataFrame:
    """Rows of a question. Raises BadInput where there is no warehouse or the SQL cannot be answered."""
    if not path.is_file():
        raise BadInput(f"There is no warehouse at {path}: run `./run report` (or `./run build`) first.")
    with warehouse.connect(path, read_only=True) as con:
        try:
            relation = con.sql(sql)
            if relation is None:
                raise BadInput("That statement gives no rows: ask with a select.")
            return pl.DataFrame(relation.to_arrow_table())
        except duckdb.Error as error:
            raise BadInput(f"DuckDB cannot answer that: {str(error).strip()}") from error


def render(frame: pl.DataFrame, form: str) -> str:
    """The rows as text. Nested values and instants are written as JSON and ISO 8601."""
    if form == "csv":
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(frame.columns)
        writer.writerows([_text(value, "", exact=True) for value in row] for row in frame.iter_rows())
        return out.getvalue().rstrip("\n")
    if form == "json":
        floats = pl.selectors.float()
        numbers = frame.with_columns(pl.selectors.decimal().cast(pl.Float64))
        finite = numbers.with_columns(pl.when(floats.is_finite()).then(floats))
        return json.dumps(finite.to_dicts(), default=_text, indent=2, ensure_ascii=False)
    if form == "markdown":
        head = ["| " + " | ".join(frame.columns) + " |", "|" + "|".join("---" for _ in frame.columns) + "|"]
        rows = [
            "| " + " | ".join(_text(v, "").replace("|", "\\|").replace("\n", " ") for v in row) + " |"
            for row in frame.iter_rows()
        ]
        return "\n".join(head + rows)
    return _table(frame)


def _table(frame: pl.DataFrame) -> str:
    """A table where it fits the terminal, else one block of lines per row."""
    shown = frame.head(ROWS_ON_TERMINAL)
    cells = [[_text(value, "null") for value in row] for row in shown.iter_rows()]
    more = frame.height - shown.height
    note = f"\n({more:,} more rows: use --format csv, or a limit)" if more > 0 else ""
    console = Console(highlight=False)
    widths = [max([len(name), *(len(row[n]) for row in cells)]) for n, name in enumerate(frame.columns)]
    if sum(widths) + 2 * (len(widths) - 1) > console.width:
        return _records(frame.columns, cells) + note
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name, dtype in frame.schema.items():
        table.add_column(name, justify="right" if dtype.is_numeric() else "left", no_wrap=True)
    for row in cells:
        table.add_row(*(value.replace("[", "\\[") for value in row))
    with console.capture() as captured:
        console.print(table)
    return captured.get().strip("\n").rstrip() + note


def _records(columns: list[str], cells: list[list[str]]) -> str:
    width = max(len(name) for name in columns)
    blocks = [
        "\n".join(f"{name:<{width}}  {value}" for name, value in zip(columns, row, strict=True))
        for row in cells
    ]
    return "\n\n".join(blocks) if blocks else "(no rows)"


def _text(value: object, null: str = "", *, exact: bool = False) -> str:
    if value is None:
        return null
    if isinstance(value, float):
        return repr(value) if exact else f"{value:.6g}"
    if isinstance(value, list | dict):
        return json.dumps(value, default=str, ensure_ascii=False)
    isoformat = getattr(value, "isoformat", None)
    return str(isoformat()).replace("+00:00", "Z") if isoformat else str(value)


def episodes(
    log: EventLog, place: Path, preset: str, jobset: str | None, out: Path, progress: Callable[[str], None]
) -> int:
    """Write the episodes under a preset, replayed from the log, with the columns of `core.failure_episodes`.

    Returns the number of rows. Raises BadInput for a preset, jobset or file ending that is not known.
    """
    if preset not in PRESETS:
        raise BadInput(f"There is no preset {preset!r}: choose one of {', '.join(PRESETS)}.")
    if out.suffix not in (".parquet", ".csv"):
        raise BadInput(
            f"{out} ends neither in .parquet nor in .csv: name the file so that the format is clear."
        )
    if not log.batches():
        raise BadInput(f"The event log {log.path} is empty: run `./run ingest` or `./run report` first.")
    place.mkdir(parents=True, exist_ok=True)
    apart = tempfile.TemporaryDirectory(prefix="episodes-", dir=place)
    build = WarehouseBuild(log, Path(apart.name) / "episodes.duckdb", preset=preset)
    try:
        wanted = _needed(build, "core.failure_episodes")
        for key in build.relations:
            if key in wanted:
                progress(key)
                build.create(key)
        known = [
            row[0]
            for row in build.con.execute("select distinct jobset from replay.series order by 1").fetchall()
        ]
        if jobset is not None and jobset not in known:
            raise BadInput(f"There is no jobset {jobset!r} in the log: it has {', '.join(known)}.")
        form = "(format parquet, compression zstd)" if out.suffix == ".parquet" else "(format csv, header)"
        target = str(out).replace("'", "''")
        only = "true" if jobset is None else "jobset = '" + jobset.replace("'", "''") + "'"
        (rows,) = build.con.execute(
            f"copy (select * from core.failure_episodes where {only} order by all) to '{target}' {form}"
        ).fetchall()[0]
        return rows
    finally:
        build.close()
        apart.cleanup()


def _needed(build: WarehouseBuild, key: str) -> set[str]:
    """The relation and everything that it is computed from."""
    needed, stack = set(), [key]
    while stack:
        name = stack.pop()
        if name in build.relations and name not in needed:
            needed.add(name)
            stack.extend(build.relations[name].dependencies)
    return needed
