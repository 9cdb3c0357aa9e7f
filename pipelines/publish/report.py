"""Publishes the report: assembles pages, figures and downloads below `build/report`, then builds them strictly.

The finished site replaces the old one in one step. If data, code, pages and tools are those of the site that is
there, nothing is done.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import duckdb

from models import ci_schema
from pipelines import relations as documentation
from pipelines import warehouse as warehouses
from pipelines.errors import BadInput
from pipelines.publish import (
    builder,
    cards,
    channel_files,
    drawing,
    lookup,
    notices,
    pages,
    palette,
    scopes,
    tables,
)
from pipelines.publish.figure import FOLDER, Press, literal
from pipelines.publish.notice_scopes import Pattern
from pipelines.publish.text import day

TOOLS = ("altair", "duckdb", "jinja2", "mkdocs", "mkdocs-material", "vl-convert-python")
LINE = 80


@dataclass(frozen=True)
class ReportResult:
    """Where the site is, how many pages it has, and the lines that a terminal shows of it."""

    html: Path
    pages: int
    headline: list[str]


def publish(
    warehouse: Path,
    build_dir: Path,
    var_dir: Path,
    site_dir: Path,
    sql_dir: Path,
    data_version: str,
    progress: Callable[[str], None] = lambda _: None,
    site_url: str | None = None,
    code_version: str = "",
    configured: Sequence[tuple[str, str]] = (),
    patterns: Sequence[Pattern] = (),
) -> ReportResult:
    """Build `build_dir/report/html` from the warehouse, or find it built.

    `site_url` is the address under which it will be served, if known; `configured` the source and jobset of every
    live jobset that is configured, whether it was ever heard or not; `patterns` the feeds of notices that are.
    Raises BadInput if the warehouse holds no evaluation, CheckFailed if a page does not build.
    """
    report = build_dir / "report"
    key = _key(site_dir, sql_dir, f"{data_version}{code_version}\n{sorted(configured)}\n{patterns}", site_url)
    found = _finished(report, key)
    if found:
        return found
    fresh = build_dir / "report.new"
    shutil.rmtree(fresh, ignore_errors=True)
    (fresh / "docs").mkdir(parents=True)
    con = _connect(warehouse)
    try:
        made = _assemble(
            con, fresh, site_dir, sql_dir, data_version, configured, progress, patterns, site_url
        )
        progress("pages to HTML")
        shutil.copy(site_dir / "mkdocs.yml", fresh / "mkdocs.yml")
        shutil.copytree(site_dir / "theme", fresh / "theme", ignore=shutil.ignore_patterns("assets"))
        _assets(site_dir / "theme" / "assets", fresh / "docs" / "assets", var_dir)
        as_of = made.everything().as_of_at
        html = builder.build(
            fresh / "mkdocs.yml",
            {"data_version": data_version[:12], "as_of": day(as_of)},
            as_of,
            site_url,
            made.press.pieces,
        )
        os.replace(fresh / "data", html / "data")
        channel_files.write(made.rows, html, data_version, site_url)
        os.replace(fresh / notices.FOLDER, html / notices.FOLDER)
        (html / "data" / ci_schema.SCHEMA_ID).write_text(ci_schema.text(), encoding="utf-8")
        progress("downloads")
        tables.put_database(
            con, made.relations.values(), html / "data" / tables.DATABASE, var_dir / "published"
        )
        tables.write_files(con, made.relations.values(), html / "data" / tables.DATABASE, html / "data")
        lines = [*_headline(made)]
    finally:
        con.close()
    stamp = {"key": key, "pages": made.pages, "headline": lines}
    (fresh / "built.json").write_text(
        json.dumps(stamp, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    _swap(fresh, report)
    return ReportResult(report / "html", made.pages, lines)


def _connect(warehouse: Path) -> duckdb.DuckDBPyConnection:
    """The warehouse read-only, behind a connection in memory that may write other files."""
    warehouses.connect(warehouse, read_only=True).close()
    con = warehouses.connect(":memory:")
    con.execute(f"attach {literal(str(warehouse))} as warehouse (read_only)")
    con.execute("use warehouse")
    return con


def _assemble(
    con: duckdb.DuckDBPyConnection,
    fresh: Path,
    site_dir: Path,
    sql_dir: Path,
    data_version: str,
    configured: Sequence[tuple[str, str]],
    progress: Callable[[str], None],
    patterns: Sequence[Pattern],
    site_url: str | None,
) -> pages.Assembly:
    jobsets = scopes.jobsets(con)
    if not jobsets:
        raise BadInput(
            "The warehouse holds no evaluation, so there is nothing to report: ingest a history first."
        )
    relations = {relation.key: relation for relation in tables.public(documentation.load(sql_dir), con)}
    made = pages.Assembly(
        press=Press(con, fresh / FOLDER, data_version),
        relations=relations,
        site=site_dir,
        docs=fresh / "docs",
        jobsets=jobsets,
        channels=scopes.channels(con),
        declared=scopes.declared_channels(con),
        site_url=site_url,
        waves=scopes.waves(con),
        data_version=data_version,
        lookup=lookup.write(con, fresh / lookup.FOLDER),
        configured=tuple(sorted(configured)),
    )
    progress("notices")
    made.notices = notices.write(made, fresh / notices.FOLDER, patterns, site_url)
    progress("figures and pages")
    pages.assemble(made, pages.environment(made), progress)
    return made


def _assets(source: Path, target: Path, var_dir: Path) -> None:
    """The site's own files: stylesheet and script with the palette put before them, and the drawing library."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("report.css", "report.js"))
    style = (source / "report.css").read_text(encoding="utf-8")
    (target / "report.css").write_text(palette.variables() + style, encoding="utf-8")
    colours = {palette.LIGHT[name]: palette.DARK[name] for name in palette.LIGHT}
    script = (source / "report.js").read_text(encoding="utf-8")
    (target / "report.js").write_text(f"const PALETTE = {json.dumps(colours)};\n{script}", encoding="utf-8")
    kept = var_dir / f"vega-{version('vl-convert-python')}.js"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(".part")
        part.write_text(drawing.bundle(), encoding="utf-8")
        os.replace(part, kept)
    shutil.copy(kept, target / "vega.js")


def _headline(made: pages.Assembly) -> list[str]:
    """What a terminal shows: the answers of the first page, at most 80 columns each."""
    lines = [card.plain.replace("\u202f", " ") for card in cards.cards(made.rows, made.everything().as_of_at)]
    lines.append(f"As of {day(made.everything().as_of_at)}, data version {made.data_version[:12]}")
    return [line if len(line) <= LINE else line[: LINE - 1] + "…" for line in lines]


def _key(site_dir: Path, sql_dir: Path, rows_version: str, site_url: str | None) -> str:
    """What a built site depends on, as one hash."""
    digest = hashlib.sha256(f"{rows_version}\n{site_url}\n".encode())
    for tool in TOOLS:
        digest.update(f"{tool} {version(tool)}\n".encode())
    for folder in (Path(__file__).parent, site_dir, sql_dir):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(
                    path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0"
                )
    return digest.hexdigest()


def _finished(report: Path, key: str) -> ReportResult | None:
    """The site that is there, if it was built from exactly this."""
    try:
        stamp = json.loads((report / "built.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    if stamp.get("key") != key or not (report / "html" / "index.html").exists():
        return None
    return ReportResult(report / "html", stamp["pages"], stamp["headline"])


def _swap(fresh: Path, report: Path) -> None:
    """Put the new report in the old one's place."""
    old = report.with_name("report.old")
    shutil.rmtree(old, ignore_errors=True)
    if report.exists():
        os.replace(report, old)
    os.replace(fresh, report)
    shutil.rmtree(old, ignore_errors=True)
