"""Words, numbers and escaping of the report."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from pipelines.publish import palette, text


@given(st.text(max_size=200))
def test_escaped_text_is_inert_and_still_says_the_same(hostile):
    safe = text.esc(hostile)
    assert not set(safe) & set("<>\"'`*[]{}|!\\~^$\n\r\t")
    shown = Markup(safe).unescape()
    assert [word for word in shown.split() if word] == [
        word for word in text._CONTROL.sub(" ", hostile).split() if word
    ]


@pytest.mark.parametrize(
    "markdown",
    [
        "# head",
        "- item",
        "[a](b)",
        "**b**",
        "`c`",
        '--8<-- "x"',
        "{{ x }}",
        "{% y %}",
        "| a |",
        "<b>",
        "---",
        "+ x",
        "a_b_ _c_",
    ],
)
def test_no_markdown_survives(markdown):
    import markdown as library

    html = library.markdown(text.esc(markdown), extensions=["tables", "pymdownx.superfences"])
    assert html.startswith("<p>")
    assert html.count("<") == 2


def test_two_names_never_share_a_page():
    names = ["a", "a/b", "a-b", "a b", "A", "<script>", "script", "..", "", "x" * 200, "x" * 201]
    places = [text.place("jobsets", "hydra.example.org", name) for name in names]
    assert len(set(places)) == len(names)
    assert not any(".." in part or part == "" for place in places for part in place.split("/"))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "unknown"),
        (0.0, "0.0 hours"),
        (0.5, "12 hours"),
        (1.254, "1.25 days"),
        (13.5, "13.5 days"),
        (271.8, "272 days"),
    ],
)
def test_durations_read_in_the_unit_that_fits(value, shown):
    assert text.days(value) == shown


def test_a_ratio_just_below_one_never_reads_as_all():
    assert text.percent(1.0) == "100.0\u202f%"
    assert text.percent(0.99987) == "99.99\u202f%"
    assert text.percent(0.999987) == "99.9987\u202f%"
    assert text.percent(None) == "unknown"


def test_numbers_group_thinly_and_keep_their_sign():
    assert text.number(1234567) == "1\u202f234\u202f567"
    assert text.signed(3) == "+3"
    assert text.signed(-3) == "−3"
    assert text.counted(1, "job") == "1 job"
    assert text.counted(2, "job") == "2 jobs"


def test_json_has_instants_in_utc():
    assert text.json_value(datetime(2026, 5, 30, 6, tzinfo=UTC)) == "2026-05-30T06:00:00Z"
    assert text.json_value(date(2026, 5, 1)) == "2026-05-01T00:00:00Z"


def test_evidence_links_to_the_source_only_if_it_is_a_host():
    assert (
        text.evidence("hydra.nixos.org", "build", "hydra.nixos.org:build:338764421")
        == "https://hydra.nixos.org/build/338764421"
    )
    assert text.evidence("hydra.nixos.org", "build", "1?x=y") is None
    assert text.evidence("javascript:alert(1)", "build", "1") is None
    assert text.evidence("github.com/a/b", "eval", "1") is None
    assert text.evidence("hydra.nixos.org", "eval", None) is None


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [palette.LIGHT, palette.DARK], ids=["light", "dark"])
def test_palette_has_contrast(scheme):
    for ground in ("ground", "panel"):
        assert {
            name: contrast(scheme[name], scheme[ground])
            for name in palette.TEXT
            if contrast(scheme[name], scheme[ground]) < 4.5
        } == {}
    assert {name for name in palette.MARKS if contrast(scheme[name], scheme["ground"]) < 3} == set()


def test_each_light_colour_has_one_dark_colour():
    assert palette.LIGHT.keys() == palette.DARK.keys()
    assert len(set(palette.LIGHT.values())) == len(palette.LIGHT)
