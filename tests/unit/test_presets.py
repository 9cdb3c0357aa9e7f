"""Words, their classes and the presets agree with the SQL that uses them."""

import duckdb
import pytest

from models.presets import PRESETS
from models.vocabulary import STATUS_CLASSES, RedKind, StatusClass
from pipelines.paths import SQL
from pipelines.sources import haskell_updates


def test_sql_has_the_classes_of_the_vocabulary() -> None:
    rows = duckdb.sql((SQL / "core" / "status_classes.sql").read_text(encoding="utf-8"))
    told = {row[rows.columns.index("status")]: row for row in rows.fetchall()}
    places = rows.columns.index("status_class"), rows.columns.index("red_kind")
    assert {word: tuple(row[place] for place in places) for word, row in told.items()} == {
        word: (str(of), str(kind) if kind else None) for word, (of, kind) in STATUS_CLASSES.items()
    }


@pytest.mark.parametrize("name", PRESETS)
def test_presets_name_known_words_and_every_parameter_of_the_builder(name: str) -> None:
    preset = PRESETS[name]
    assert set(preset.bad_statuses) <= set(STATUS_CLASSES)
    assert set(preset.own_statuses) <= set(STATUS_CLASSES)
    builder = (SQL / "core" / "failure_episodes.sql").read_text(encoding="utf-8")
    intervals = (SQL / "replay" / "intervals.sql").read_text(encoding="utf-8")
    assert all(f"${parameter}" in builder + intervals for parameter in preset.parameters())


def test_the_headline_takes_every_red_status_and_nothing_else() -> None:
    red = {word for word, (of, _) in STATUS_CLASSES.items() if of is StatusClass.RED}
    own = {word for word, (_, kind) in STATUS_CLASSES.items() if kind is RedKind.OWN}
    assert (set(PRESETS["headline"].bad_statuses), set(PRESETS["headline"].own_statuses)) == (red, own)


def test_sources_read_their_words_as_known_ones() -> None:
    assert {word for word, _, _ in haskell_updates.STATUSES.values()} <= set(STATUS_CLASSES)
