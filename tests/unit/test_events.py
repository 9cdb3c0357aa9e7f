"""Events of every version that ever was still load; anything else is refused in one sentence."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.events import EVENT_TYPES, BuildObserved, EvaluationObserved
from models.upcasters import UPCASTERS, UnreadableEvent, decode, lift
from pipelines.log import schema

FOLDER = Path(__file__).with_name("events")
VERSIONS = [(name, version) for name, cls in EVENT_TYPES.items() for version in range(1, cls.version + 1)]


def _payload(name: str = "build_observed", **changed: object) -> bytes:
    payload = json.loads((FOLDER / f"{name}.v1.json").read_text()) | changed
    return json.dumps({key: value for key, value in payload.items() if value != "absent"}).encode()


@pytest.mark.parametrize(("name", "version"), VERSIONS)
def test_an_event_of_every_version_loads(name: str, version: int) -> None:
    content = (FOLDER / f"{name}.v{version}.json").read_bytes()
    event = decode(content)
    assert type(event) is EVENT_TYPES[name]
    assert event.observed_at == datetime(2024, 5, 1, 6, tzinfo=UTC)
    table = schema.conform(name, schema.frame_of([event]), 1)
    assert table.num_rows == (len(getattr(event, event.rows_field)) if event.rows_field else 1)


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_every_field_of_the_example_reaches_its_column(name: str) -> None:
    """The examples name every field of their struct, so no column can be dropped or misread unseen."""
    content = (FOLDER / f"{name}.v1.json").read_bytes()
    payload = json.loads(content)
    cls = EVENT_TYPES[name]
    assert set(payload) - {"type", "version"} == {field.name for field in msgspec.structs.fields(cls)}
    (first, *_) = schema.conform(name, schema.frame_of([decode(content)]), 7).to_pylist()
    assert first.pop("batch") == 7
    assert first.pop("version") == 1
    told = payload | (payload[cls.rows_field][0] if cls.rows_field else {})
    for column, value in first.items():
        if value is not None and not isinstance(value, list | dict):
            seen = value.isoformat().replace("+00:00", "Z") if hasattr(value, "isoformat") else value
            assert seen == told.get(column, ""), column


def test_there_is_an_example_of_every_version_and_no_other() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.v{n}.json" for name, n in VERSIONS}


def test_every_step_between_versions_has_an_upcaster() -> None:
    assert set(UPCASTERS) == {(name, n) for name, n in VERSIONS if n < EVENT_TYPES[name].version}


def test_payloads_are_lifted_step_by_step() -> None:
    steps = {
        ("build_observed", 1): lambda p: {**p, "word": p["state"]},
        ("build_observed", 2): lambda p: {**p, "status": p["word"].lower()},
    }
    given_payload = {"state": "FAILED"}
    assert lift("build_observed", 1, given_payload, 3, steps)["status"] == "failed"
    assert lift("build_observed", 3, given_payload, 3, steps) == given_payload
    assert given_payload == {"state": "FAILED"}


def test_a_version_is_1_where_it_is_not_told_and_unknown_fields_are_ignored() -> None:
    event = decode(_payload(version="absent", told_by_a_newer_writer={"a": [1]}))
    assert isinstance(event, BuildObserved)
    assert event.build_id == "7"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b'{"type": "build_observed", "x": NaN}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "JSON list, not an object"),
        (b"{}", "no event type 'None'"),
        (_payload(type="<script>"), "no event type '<script>'"),
        (_payload(type=["build_observed"]), "no event type"),
        (_payload(version=2), "no version 2: the newest known is 1"),
        (_payload(version=0), "no version 0"),
        (_payload(version=True), "no version True"),
        (_payload(version="1"), "no version 1"),
        (_payload(build_id="absent"), "missing required field `build_id`"),
        (_payload(build_id=7), "Expected `str`, got `int` - at `$.build_id`"),
        (_payload(cause="bad luck"), "Invalid enum value"),
        (_payload(is_finished="yes"), "Expected `bool`"),
        (_payload(observed_at="yesterday"), "Invalid RFC3339"),
        (_payload(observed_at="2024-05-01T06:00:00"), "at `$.observed_at` has no time zone"),
        (_payload(stopped_at="2024-05-01T06:00:00"), "at `$.stopped_at` has no time zone"),
        (_payload(derivation_id64=2**63), "at `$.derivation_id64` does not fit in 64 bits"),
        (_payload(attempt=1e400), "not JSON"),
        (
            _payload("evaluation_observed", totals=[{"source_status": "F", "status": "f", "n": 2**63}]),
            "$.totals[0].n",
        ),
    ],
)
def test_what_is_no_event_is_refused_in_one_sentence(content: bytes, said: str) -> None:
    with pytest.raises(UnreadableEvent) as caught:
        decode(content)
    message = str(caught.value)
    assert said in message
    assert message.endswith(".")
    assert "\n" not in message


@given(st.binary(max_size=200))
def test_no_bytes_make_another_error(content: bytes) -> None:
    with pytest.raises(UnreadableEvent):
        decode(content)


_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from([field.name for field in msgspec.structs.fields(EvaluationObserved)]), _JSON)
def test_a_field_with_any_value_is_read_or_refused(field: str, value: object) -> None:
    """What is read fits the columns of the log; nothing in between."""
    try:
        event = decode(_payload("evaluation_observed", **{field: value}))
    except UnreadableEvent:
        return
    table = schema.conform("evaluation_observed", schema.frame_of([event]), 1)
    assert isinstance(pl.from_arrow(table), pl.DataFrame)
