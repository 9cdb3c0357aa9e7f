"""Derivations, contents of outputs and attributes of package sets in columns, as every adapter gives them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import polars as pl

from models.derivations import id64, outputs_id64, sha256_id64
from pipelines.log import schema
from pipelines.nix import roles, store_paths
from pipelines.nix.derivation import Derivation

_STORED = ("batch", "version")
DERIVATIONS = pl.Schema(
    {name: kind for name, kind in schema.polars_schema("derivation_observed").items() if name not in _STORED}
)
"""Columns of `derivation_observed`; `source` is the CI's address."""
OUTPUTS = pl.Schema(
    {
        name: kind
        for name, kind in schema.polars_schema("output_observed").items()
        if name not in (*_STORED, "id")
    }
)
"""Columns of `output_observed` but the id, which follows from them; `source` is the CI's address."""
ATTRIBUTES = pl.Schema(
    {
        "source": pl.String(),
        "package_set": pl.String(),
        "revision": pl.String(),
        "observed_at": pl.Datetime("us", "UTC"),
        "attr": pl.String(),
        "system": pl.String(),
        "derivation_id64": pl.Int64(),
    }
)
HASHES = ("self_blanked", "hashes_blanked", "names_keyed", "content")
"""Names of the hashes of an output's content, which the log keeps as `<name>_id64`."""

Row = dict[str, Any]


def frame(rows: Iterable[Row], columns: pl.Schema) -> pl.DataFrame | None:
    """Rows as a frame; None where there are none. What a row lacks is null, or empty where it is a list."""
    told = list(rows)
    if not told:
        return None
    return pl.DataFrame(
        {name: pl.Series(name, [row.get(name) for row in told], dtype=kind) for name, kind in columns.items()}
    ).with_columns(
        pl.col(name).fill_null([])
        for name, kind in columns.items()
        if isinstance(kind, pl.List) and name != "references"
    )


def drv_id64(path: str) -> int:
    """Identity of a derivation by its path. Raises ValueError if its hash is none."""
    return id64(path.rpartition("/")[2][:32])


def is_drv(path: str) -> bool:
    """Whether a path has the hash that a derivation's identity comes from."""
    try:
        drv_id64(path)
    except ValueError:
        return False
    return True


def derivation(
    source: str,
    at: datetime,
    path: str,
    *,
    system: str | None,
    outputs: Mapping[str, str | None],
    is_fixed_output: bool | None,
    inputs: Iterable[tuple[str, Iterable[str], Iterable[str] | None, bool | None]],
    recipe_sha256: str | None = None,
    required_features: Iterable[str] = (),
    prefers_local: bool | None = None,
    does_check: bool | None = None,
) -> Row:
    """A row of a derivation. `inputs`: path, outputs, roles, whether it is for tests only.

    Raises ValueError if a hash in a path is none.
    """
    store, drv_hash, name = store_paths.split_drv(path)
    return {
        "source": source,
        "observed_at": at,
        "derivation_id64": id64(drv_hash),
        "drv_hash": drv_hash,
        "drv_path": None if store == store_paths.STORE else path,
        "name": name,
        "system": system,
        "is_fixed_output": is_fixed_output,
        "outputs": sorted(outputs),
        "required_features": sorted(set(required_features)),
        "prefers_local": prefers_local,
        "does_check": does_check,
        "inputs": sorted(
            (
                {
                    "derivation_id64": drv_id64(drv),
                    "role": None if of is None else " ".join(sorted(of)),
                    "outputs": sorted(used),
                    "is_check_only": is_check_only,
                }
                for drv, used, of, is_check_only in inputs
            ),
            key=lambda one: (one["role"] or "", one["derivation_id64"], one["outputs"]),
        ),
        "recipe_id64": None if recipe_sha256 is None else sha256_id64(recipe_sha256),
        "outputs_id64": outputs_id64(outputs),
    }


def of_derivation(source: str, at: datetime, one: Derivation, known: Mapping[str, Derivation]) -> Row:
    """A row of a derivation that was read whole; `known`: all that are at hand, by path."""
    attributes = roles.attributes(one)
    return derivation(
        source,
        at,
        one.path,
        system=one.system,
        outputs={name: output.path for name, output in one.outputs.items()},
        is_fixed_output=one.is_fixed_output,
        inputs=((u.drv_path, u.outputs, u.roles, u.is_check_only) for u in roles.used(one, known)),
        recipe_sha256=roles.recipe(one, known),
        required_features=_words(attributes.get("requiredSystemFeatures")),
        prefers_local=_flag(attributes.get("preferLocalBuild")),
        does_check=_flag(attributes.get("doCheck")),
    )


def _words(value: Any) -> list[str]:
    """A list of words, which a variable holds with spaces between."""
    words = value.split() if isinstance(value, str) else value if isinstance(value, list) else []
    return [word for word in words if isinstance(word, str) and len(word) <= 512 and word.isprintable()]


def _flag(value: Any) -> bool:
    """Whether an attribute is true: a variable then holds `1`; without it, it is not."""
    return value is True or value == "1"
