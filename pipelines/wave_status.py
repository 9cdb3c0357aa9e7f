"""What a terminal shows of declared waves: all of them in a line each, or one with what holds it back. 80 columns."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines import query
from pipelines.errors import BadInput

WIDTH = 80
BAR = 24
STATES = (
    ("pass", "pass"),
    ("failing_own", "failing (own)"),
    ("failing_dependency", "failing (dependency)"),
    ("building", "building"),
    ("awaiting_inputs", "wait for inputs"),
    ("not_reached", "not reached"),
    ("wont_fix", "won't be fixed"),
    ("cant_fix", "can't be fixed"),
    ("marked_broken", "marked broken"),
    ("removed", "removed"),
)
STANDINGS = {"under_way": "under way", "paused": "paused", "planned": "planned", "final": "final"}
MOST = 10
"""Failures that are named."""


def lines(warehouse: Path, wave: str | None) -> list[str]:
    """Every declared wave, or the one named. Raises BadInput where there is no warehouse or no such wave."""
    waves = query.ask(warehouse, "from metrics.wave_standing order by wave").to_dicts()
    if not waves:
        return ["No wave is declared: name a folder of waves in the configuration, or ingest one."]
    if wave is None:
        head = f"{'wave':<12} {'stands':<10} {'open':>8} {'packages':>9} {'green':>8}  title"
        return [head, *(_cut(_line(row)) for row in waves)]
    told = [row for row in waves if row["wave"] == wave]
    if not told:
        known = ", ".join(row["wave"] for row in waves)
        raise BadInput(f"No wave {wave!r} is declared: known are {known}.")
    named = wave.replace("'", "''")
    blockers = query.ask(
        warehouse,
        f"from metrics.wave_blockers where wave = '{named}' and held_packages > 0 order by place limit {MOST}",
    ).to_dicts()
    return [_cut(line) for line in _one(told[0], blockers)]


def _line(row: Mapping[str, Any]) -> str:
    return (
        f"{row['wave']:<12} {STANDINGS[row['standing']]:<10} {row['open_packages']:>8,} {row['packages']:>9,} "
        f"{_percent(row['green_ratio']):>8}  {_plain(row['title'])}"
    )


def _one(row: Mapping[str, Any], blockers: Sequence[Mapping[str, Any]]) -> list[str]:
    total = row["packages"]
    found = [f"{row['wave']}  {_plain(row['title'])}", f"{STANDINGS[row['standing']]}"]
    if row["evaluation_at"]:
        unfinished = "" if row["is_complete"] else ", builds still under way"
        found[1] += f", as of {row['evaluation_at']:%Y-%m-%d %H:%M} UTC{unfinished}"
    found.append("final" if row["is_final"] else f"not final: {_plain(row['missing'])}")
    if total:
        found.append("")
        for key, label in STATES:
            bar = "#" * -(-row[key] * BAR // total)
            found.append(f"  {label:<22}{row[key]:>8,}  {bar}".rstrip())
        found.append(f"  {'all':<22}{total:>8,}  each package once, by its worst system")
        if row["untold_packages"]:
            found.append(f"  not told whether they pass: {row['untold_packages']:,} of not reached")
        ratios = (
            f"  green of decided {_percent(row['green_ratio'])}, of own {_percent(row['green_of_own_ratio'])}, "
            f"of all {_percent(row['green_of_all_ratio'])}"
        )
        found += ["", ratios]
    if blockers:
        found += ["", "What holds back most (packages, each system counted)"]
        found += [
            f"{one['held_packages']:>8,}  "
            + (
                f"{_plain(one['root_attr'] or one['root_build_id'])} {one['root_system']}"
                if one["is_told"]
                else "not told"
            )
            for one in blockers
        ]
    return found


def _percent(ratio: float | None) -> str:
    return "unknown" if ratio is None else f"{ratio * 100:.1f} %"


def _plain(text: object) -> str:
    """Text from outside without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else " " for letter in str(text))


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"
