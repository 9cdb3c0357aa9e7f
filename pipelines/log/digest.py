"""Digests of the rows of a batch that do not depend on the files they lie in.

The rows are put in the order of `pipelines.log.order`. Each column then gives the BLAKE2b of which values are
there, of their lengths (texts and lists) and of their bytes (numbers and instants as 64-bit integers in microseconds,
little endian); the fields of a struct and the items of a list are columns of their own. SHA-256 of the number
of rows and of name and digest of every column is the digest. A column without any value counts as absent, so
a digest survives compaction and a column that is added later. It detects loss, repetition and damage of rows; it is not
meant against an adversary who can write the log.
"""

import hashlib
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

_BYTES = 32


def of_table(table: pa.Table, known: Mapping[str, bytes | None] | None = None) -> str:
    """Digest of the rows of one batch, given in their order. `known`: digests of columns, as `of_column` gives them."""
    known = known or {}
    whole = hashlib.sha256(f"{table.num_rows}\n".encode())
    for name in sorted(set(table.column_names) - {"batch"}):
        told = known[name] if name in known else of_column(table[name])
        if told is not None:
            whole.update(f"{name}={told.hex()}\n".encode())
    return whole.hexdigest()


def of_column(column: pa.ChunkedArray) -> bytes | None:
    """Digest of a column; None if it says nothing: all null, or nothing but empty lists."""
    return _of_values(_one(column))


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _of_values(values: pa.Array) -> bytes | None:
    if values.null_count == len(values):
        return None
    told = hashlib.blake2b(digest_size=_BYTES)
    if values.null_count:
        told.update(np.packbits(values.is_valid().to_numpy(zero_copy_only=False)).tobytes())
    kind = values.type
    if pa.types.is_struct(kind):
        for field in sorted(kind, key=lambda field: field.name):
            inner = _of_values(values.flatten()[kind.get_field_index(field.name)])
            if inner is not None:
                told.update(field.name.encode() + b"=" + inner)
    elif pa.types.is_list(kind):
        lengths = values.value_lengths().fill_null(0)
        items = values.flatten()
        if not values.null_count and not len(items):
            return None
        told.update(lengths.to_numpy().astype("<i8").tobytes())
        told.update(_of_values(items) or b"")
    elif pa.types.is_string(kind):
        told.update(_of_texts(values))
    else:
        # Arrow casts dates and truths to integers of their own width only.
        width = (
            pa.int8() if pa.types.is_boolean(kind) else pa.int32() if pa.types.is_date32(kind) else pa.int64()
        )
        numbers = values.cast(width)
        told.update(numbers.fill_null(0).to_numpy().astype("<i8", copy=False).tobytes())
    return told.digest()


def _of_texts(values: pa.StringArray) -> bytes:
    told = hashlib.blake2b(digest_size=_BYTES)
    filled = values.fill_null("") if values.null_count else values
    _, places, content = filled.buffers()
    offsets = np.frombuffer(places, dtype=np.int32)[filled.offset : filled.offset + len(filled) + 1]
    told.update(np.diff(offsets).astype("<i4", copy=False).tobytes())
    if content is not None:
        told.update(memoryview(content)[offsets[0] : offsets[-1]])
    return told.digest()
