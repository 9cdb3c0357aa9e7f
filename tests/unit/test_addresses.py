"""E-mail addresses are left out alike, whichever way a text is held."""

import json

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.sources.addresses import json_without_addresses, text_without_addresses, without_addresses

TEXTS = st.text(alphabet='aü.@-+% \n"\\', max_size=40) | st.lists(
    st.sampled_from(
        ["me@a.org", "jürg@bücher.example", "x.y+z@b-c.example.org", "@", "a@b", " ", "\n", '"', "<", ">"]
    ),
    max_size=8,
).map("".join)


@settings(max_examples=500, deadline=None)
@given(TEXTS)
def test_one_text_a_column_and_json_agree(text: str) -> None:
    told = text_without_addresses(text)
    assert pl.select(without_addresses(pl.lit(text))).item() == told
    for is_ascii in (True, False):
        written = json.dumps(text, ensure_ascii=is_ascii)
        assert json.loads(json_without_addresses(written)) == told


def test_an_address_is_left_out_and_nothing_else() -> None:
    told = "by <me@example.org> (see @nobody, a@b)"
    assert text_without_addresses(told) == "by <(address left out)> (see @nobody, a@b)"
