"""Reads `sql/`: one select a file, documented in its header. Knows neither Dagster nor the warehouse's state.

A header is a block of `--` lines before the select. Its first line says what a row says; paragraphs follow;
then one line each for `grain:`, `kind:`, `python:`, `keep:` and every `column: name | meaning`. Dependencies are read
from DuckDB's own parse tree, so nobody types them twice.

A file with `builder: core.failure_episodes` and `presets: a, b` has no select of its own: it stacks what that
builder gives under each preset, in a column `preset`.
"""

import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from pipelines.errors import BadInput

SCHEMAS = ("log", "staging", "replay", "core", "metrics")
"""Layers in the order of the path of a fact; `log` is made by the warehouse, the others from files."""


@dataclass(frozen=True)
class Relation:
    """One relation: its select and its documentation."""

    schema: str
    name: str
    path: Path
    summary: str
    description: str
    grain: tuple[str, ...]
    kind: str
    python: str | None
    kept: bool
    """Whether it stays in the finished warehouse; others are steps on the way (`keep: no`)."""
    columns: dict[str, str]
    sql: str
    dependencies: tuple[str, ...] = field(default=())
    named_by_claims: tuple[str, ...] = field(default=())
    """Relations that the claims about this one name besides: made before it, so that the claims can be asked."""

    @property
    def key(self) -> str:
        """`schema.name`."""
        return f"{self.schema}.{self.name}"


def load(sql_dir: Path) -> dict[str, Relation]:
    """All relations below `sql_dir`, after their dependencies and after what claims about them name; ties by name.

    Raises BadInput for a file without header, grain or documented columns, and for a circle.
    """
    with duckdb.connect(":memory:") as con:
        found = {
            relation.key: relation
            for schema in SCHEMAS
            for path in sorted((sql_dir / schema).glob("*.sql"))
            for relation in [read(path, schema, con)]
        }
        by_name = {relation.name: key for key, relation in found.items()}
        for path in sorted((sql_dir / "checks").glob("*.sql")):
            key = by_name.get(path.stem.partition("__")[0])
            if key is not None:
                named = {*_tables(path.read_text(encoding="utf-8"), path, con), *found[key].named_by_claims}
                beside = named.intersection(found) - {key, *found[key].dependencies}
                found[key] = replace(found[key], named_by_claims=tuple(sorted(beside)))
    return _ordered(found)


def read(path: Path, schema: str, con: duckdb.DuckDBPyConnection) -> Relation:
    """Parse one file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    header = []
    for line in lines:
        if not line.startswith("--"):
            break
        header.append(line[2:].strip())
    sql = "\n".join(lines[len(header) :]).strip().removesuffix(";")
    words: dict[str, list[str]] = {
        "grain": [],
        "kind": [],
        "python": [],
        "keep": [],
        "builder": [],
        "presets": [],
        "column": [],
    }
    prose = []
    for line in header:
        word, colon, rest = line.partition(":")
        if colon and word in words:
            words[word].append(rest.strip())
        else:
            prose.append(line)
    text = "\n".join(prose).strip()
    if not text or not words["grain"] or not words["column"]:
        raise BadInput(
            f"{path} has no summary, grain or columns in its header: add `-- ...` lines as in the others."
        )
    summary, _, description = text.partition("\n")
    if words["builder"]:
        sql = _stacked(
            path.parents[1] / words["builder"][0].replace(".", "/"), words["presets"][0].split(",")
        )
    columns = {}
    for line in words["column"]:
        name, bar, meaning = line.partition("|")
        if not bar or not meaning.strip():
            raise BadInput(
                f"{path} describes the column {name.strip()!r} with nothing: write `column: name | meaning`."
            )
        columns[name.strip()] = meaning.strip()
    return Relation(
        schema=schema,
        name=path.stem,
        path=path,
        summary=summary.strip(),
        description=description.strip(),
        grain=tuple(part.strip() for part in words["grain"][0].split(",")),
        kind=(words["kind"] or ["view" if schema == "staging" else "table"])[0],
        python=(words["python"] or [None])[0],
        kept=words["keep"] != ["no"],
        columns=columns,
        sql=sql,
        dependencies=_tables(sql, path, con),
    )


def preset_parameter(preset: str, name: str) -> str:
    """Name under which a stacked builder binds a preset's parameter."""
    return f"{preset.replace('-', '_')}__{name}"


def _stacked(builder: Path, presets: list[str]) -> str:
    """The builder's select once per preset, its parameters renamed, with the preset's name before its columns."""
    text = builder.with_suffix(".sql").read_text(encoding="utf-8")
    select = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--")).strip()
    parts = []
    for preset in (name.strip() for name in presets):
        bound = re.sub(
            r"\$(\w+)", lambda found, preset=preset: f"${preset_parameter(preset, found[1])}", select
        )
        parts.append(f"select '{preset}' as preset, stacked.* from (\n{bound}\n) as stacked")
    return "\nunion all\n".join(parts)


def _tables(sql: str, path: Path, con: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Every `schema.table` that the parse tree of `sql` names."""
    if sql in _NAMED:
        return _NAMED[sql]
    tree = json.loads(con.execute("select json_serialize_sql($sql::varchar)", {"sql": sql}).fetchall()[0][0])
    if tree.get("error"):
        raise BadInput(f"{path} does not parse: {tree.get('error_message')}. Correct the select.")
    names: set[str] = set()
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            if node.get("type") == "BASE_TABLE" and node.get("schema_name") in SCHEMAS:
                names.add(f"{node['schema_name']}.{node['table_name']}")
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
    _NAMED[sql] = tuple(sorted(names))
    return _NAMED[sql]


_NAMED: dict[str, tuple[str, ...]] = {}
"""What was found in selects by their texts: one process loads all relations several times, and this is most of it."""


def _ordered(found: dict[str, Relation]) -> dict[str, Relation]:
    ordered: dict[str, Relation] = {}
    rest = dict(found)
    while rest:
        ready = [
            key
            for key, relation in rest.items()
            if all(
                name in ordered or name not in found
                for name in (*relation.dependencies, *relation.named_by_claims)
            )
        ]
        if not ready:
            raise BadInput(
                f"The relations {', '.join(sorted(rest))}, or claims about them, wait for each other in a circle: "
                "break it, or name the claim after the last of them."
            )
        for key in ready:
            ordered[key] = rest.pop(key)
    return ordered
