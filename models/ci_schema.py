"""JSON Schema (draft 2020-12) of the generic format, generated from its structs."""

from typing import Any

import msgspec

from models.ci_format import TYPE_PATTERN, TYPES, Envelope

SCHEMA_ID = "ci-event.schema.json"
_REF = "#/$defs/{name}"


def schema() -> dict[str, Any]:
    """Schema of one event: the envelope, and `data` by `type`. Of unknown types `data` is any object."""
    (envelope,), parts = msgspec.json.schema_components([Envelope], ref_template=_REF)
    _, data_parts = msgspec.json.schema_components(list(TYPES.values()), ref_template=_REF)
    body = parts.pop(envelope["$ref"].rpartition("/")[2])
    properties = {
        **body["properties"],
        "type": {"type": "string", "pattern": rf"^(?:{TYPE_PATTERN})$"},
        "data": {"type": "object"},
    }
    made = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "An event of a CI, as nixpkgs-health reads it",
        "description": "One line of newline-delimited JSON: a CloudEvents 1.0 event.",
        "type": "object",
        "properties": properties,
        "required": [*body["required"], "type", "data"],
        "additionalProperties": True,
        "allOf": [
            {
                "if": {"properties": {"type": {"const": name}}, "required": ["type"]},
                "then": {"properties": {"data": {"$ref": _REF.format(name=data.__name__)}}},
            }
            for name, data in TYPES.items()
        ],
        "$defs": {**parts, **data_parts},
    }
    return _portable(made)


def text() -> str:
    """The schema as it is published."""
    return msgspec.json.format(msgspec.json.encode(schema(), order="sorted"), indent=1).decode() + "\n"


def _portable(value: Any) -> Any:
    r"""Anchors as every reader of JSON Schema knows them: `^` and `$` for Python's `\A` and `\Z`."""
    if isinstance(value, dict):
        return {
            name: inner.replace(r"\A", "^").replace(r"\Z", "$")
            if name == "pattern" and isinstance(inner, str)
            else _portable(inner)
            for name, inner in value.items()
        }
    return [_portable(inner) for inner in value] if isinstance(value, list) else value
