"""The 64-bit identity of many derivations at once: `models.derivations.id64` over a column."""

import numpy as np
import polars as pl

from models.derivations import ALPHABET, DIGITS, HASH_LENGTH

_VALUE = np.full(256, 0, dtype=np.uint64)
_VALUE[np.frombuffer(ALPHABET.encode(), dtype=np.uint8)] = np.arange(len(ALPHABET), dtype=np.uint64)
_STORE = "/nix/store/"
_IN_PATH = rf"/([{ALPHABET}]{{{HASH_LENGTH}}})-[^/]+\.drv\z"
_PATTERN = rf"\A[{ALPHABET}]{{{HASH_LENGTH}}}\z"


def id64(hashes: pl.Series) -> pl.Series:
    """First 64 bits of each hash as a signed integer; null for what is no hash as Nix writes it."""
    text = hashes.cast(pl.String, strict=False)
    is_hash = text.str.contains(_PATTERN).fill_null(value=False)
    whole = text.set(~is_hash, ALPHABET[0] * HASH_LENGTH)
    # All of one length, they lie one after the other; the oldest layout has them in one piece.
    content = whole.to_arrow(compat_level=pl.CompatLevel.oldest()).buffers()[2]
    codes = np.frombuffer(content, dtype=np.uint8) if len(whole) else np.zeros(0, dtype=np.uint8)
    digits = _VALUE[codes[: len(whole) * HASH_LENGTH].reshape(-1, HASH_LENGTH)[:, :DIGITS]]
    number = np.zeros(len(whole), dtype=np.uint64)
    for place in range(DIGITS - 1):
        number = number << np.uint64(5) | digits[:, place]
    # Thirteen digits are 65 bits: the last one gives four.
    number = number << np.uint64(4) | digits[:, DIGITS - 1] >> np.uint64(1)
    return pl.Series(hashes.name, number.view(np.int64)).set(~is_hash, None)


def in_paths(paths: pl.Series) -> pl.Series:
    """The hash in the last part of each path of a derivation; null or no hash where there is none."""
    path = pl.col(paths.name)
    name = path.str.slice(len(_STORE))
    is_in_store = (
        path.str.starts_with(_STORE)
        & path.str.ends_with(".drv")
        & (name.str.slice(HASH_LENGTH, 1) == "-")
        & (name.str.len_chars() > HASH_LENGTH + len("-.drv"))
        & ~name.str.contains("/", literal=True)
    )
    if paths.to_frame().select(is_in_store.all()).item():
        # As Nix writes them: to cut is a quarter of what it costs to look for a pattern.
        return paths.str.slice(len(_STORE), HASH_LENGTH)
    return paths.str.extract(_IN_PATH)


def of_builds(builds: pl.DataFrame) -> pl.DataFrame:
    """Builds with `derivation_id64` wherever `drv_path` tells it."""
    if "drv_path" not in builds.columns or builds["drv_path"].null_count() == builds.height:
        return builds
    told = id64(in_paths(builds["drv_path"]))
    if "derivation_id64" in builds.columns:
        told = builds.select(pl.coalesce("derivation_id64", told)).to_series()
    return builds.with_columns(told.alias("derivation_id64"))
