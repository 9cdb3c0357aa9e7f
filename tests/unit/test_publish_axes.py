"""Words on the axes of charts, as the renderer draws them."""

import re
from datetime import UTC, datetime, timedelta

import altair as alt
import pytest

from pipelines.publish import drawing, parts

BEGIN = datetime(2026, 9, 7, tzinfo=UTC)


def labels(days: int) -> list[str]:
    """Words along the bottom of a chart whose points span some days."""
    rows = [{"at": (BEGIN + timedelta(days=n)).isoformat().replace("+00:00", "Z"), "n": n} for n in (0, days)]
    data = drawing.Data(rows)
    lite = drawing.vega_lite(
        lambda told: (
            alt.Chart(told.named)
            .mark_line()
            .encode(x=parts.time_axis("at"), y=alt.Y("n:Q", axis=None))
            .add_params(parts.panel())
            .properties(width="container", height=100)
        ),
        data,
    )
    svg, _ = drawing.svg(drawing.vega(lite), rows, None, 400)
    return re.findall(r">([^<>]*\w[^<>]*)</text>", svg)


@pytest.mark.parametrize(
    ("days", "form"),
    [(21, r"\d+ Sep"), (200, r"\w{3} 20\d\d|20\d\d"), (1500, r"\w{3} 20\d\d|20\d\d")],
    ids=["weeks", "months", "years"],
)
def test_no_two_ticks_of_time_say_the_same(days: int, form: str) -> None:
    said = labels(days)
    assert len(said) > 2
    assert len(set(said)) == len(said)
    assert all(re.fullmatch(form, one) for one in said)
