"""Claims about relations: each file of `sql/checks/` selects the rows that break one.

`<relation>__<claim>.sql`; the first line says the claim in words, `-- severity: warn` lets a broken claim warn
instead of stop. Every relation also has the claim that its grain is unique. Knows nothing of Dagster.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines import warehouse
from pipelines.errors import BadInput
from pipelines.relations import Relation


@dataclass(frozen=True)
class Check:
    """One claim about one relation."""

    relation: str
    claim: str
    words: str
    sql: str
    is_warning: bool


@dataclass(frozen=True)
class Result:
    """Whether a claim holds: the number of rows that break it, and the first of them."""

    relation: str
    claim: str
    words: str
    broken_rows: int
    example: str
    is_warning: bool

    @property
    def is_broken(self) -> bool:
        """Whether it must stop what depends on the relation."""
        return self.broken_rows > 0 and not self.is_warning

    def sentence(self) -> str:
        """What does not hold, where, and what to look at."""
        return (
            f"The claim '{self.words}' about {self.relation} does not hold: {self.broken_rows:,} rows break it, "
            f"for example {self.example}. Look at sql/checks/{self.relation.partition('.')[2]}__{self.claim}.sql."
        )


def load(checks_dir: Path, relations: Mapping[str, Relation]) -> dict[str, list[Check]]:
    """All checks by the relation they are about. Raises BadInput for one whose relation does not exist."""
    by_name = {relation.name: key for key, relation in relations.items() if relation.schema != "staging"}
    by_name |= {r.name: k for k, r in relations.items() if r.schema == "staging" and r.name not in by_name}
    found: dict[str, list[Check]] = {}
    for path in sorted(checks_dir.glob("*.sql")):
        name, _, claim = path.stem.partition("__")
        if name not in by_name or not claim:
            raise BadInput(f"{path} names no relation of sql/: call it <relation>__<claim>.sql.")
        text = path.read_text(encoding="utf-8")
        header = [line[2:].strip() for line in text.splitlines() if line.startswith("--")]
        found.setdefault(by_name[name], []).append(
            Check(
                by_name[name],
                claim,
                header[0].rstrip("."),
                text.rstrip().removesuffix(";"),
                "severity: warn" in header,
            )
        )
    return found


def run(con: duckdb.DuckDBPyConnection, relation: Relation, claims: Sequence[Check]) -> list[Result]:
    """The grain check (of tables) and every claim."""
    results = []
    if relation.kind == "table":
        repeated = warehouse.grain_violations(con, relation)
        grain = ", ".join(relation.grain)
        results.append(
            Result(relation.key, "grain", f"one row per {grain}", repeated, f"of ({grain})", False)
        )
    for check in claims:
        broken = con.sql(check.sql).fetchall()
        results.append(
            Result(
                relation.key,
                check.claim,
                check.words,
                len(broken),
                str(broken[0])[:300] if broken else "",
                check.is_warning,
            )
        )
    return results
