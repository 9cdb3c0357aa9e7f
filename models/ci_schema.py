"""JSON Schema (draft 2020-12) of the generic format, generated from its structs."""

import typing
from typing import Any

import msgspec

from models.ci_format import TYPE_PATTERN, TYPES, Envelope

SCHEMA_ID = "ci-event.schema.json"
_REF = "#/$defs/{name}"


def schema() -> dict[str, Any]:
    """Schema of one event: the envelope, and `data` by `type`. Of unknown types `data` is any object."""
    (envelope,), parts = msgspec.json.schema_components([Envelope], ref_template=_REF)
    _, data_parts = msgspec.json.schema_components(list(TYPES.values()), ref_template=_REF)
    for data in TYPES.values():
        _name_keys(data, data_parts[data.__name__]["properties"])
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


def _name_keys(data: type[msgspec.Struct], properties: dict[str, Any]) -> None:
    """Say which names a map may have where only some words are allowed: msgspec leaves that out."""
    for field in msgspec.structs.fields(data):
        for kind in (field.type, *typing.get_args(field.type)):
            words = _words(typing.get_args(kind)[0]) if typing.get_origin(kind) is dict else []
            if words:
                told = properties[field.encode_name]
                of_map = next(one for one in told.get("anyOf", [told]) if one.get("type") == "object")
                of_map["propertyNames"] = {"enum": words}


def _words(kind: Any) -> list[str]:
    """The words that a type allows, where it allows only some."""
    if typing.get_origin(kind) is typing.Literal:
        return list(typing.get_args(kind))
    parts = [_words(part) for part in typing.get_args(kind)]
    return [word for part in parts for word in part] if parts and all(parts) else []


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
