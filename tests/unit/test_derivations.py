"""Identities and names of derivations."""

import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.derivations import ALPHABET, id64, split_name
from pipelines.sources import derivation_hashes

HASHES = st.text(alphabet=ALPHABET, min_size=32, max_size=32)


def test_the_first_64_bits_are_those_of_thirteen_digits() -> None:
    assert id64("0" * 32) == 0
    assert id64("0" * 12 + "2" + "0" * 19) == 1
    assert id64("0" * 11 + "10" + "0" * 19) == 16
    assert id64("z" * 32) == -1
    assert id64("0" * 13 + "z" * 19) == 0


@pytest.mark.parametrize("wrong", ["", "0" * 31, "0" * 33, "e" + "0" * 31, "É" * 32, "0" * 31 + "\n"])
def test_what_is_no_hash_is_none(wrong: str) -> None:
    with pytest.raises(ValueError, match="is no hash of 32 digits"):
        id64(wrong)
    assert derivation_hashes.id64(pl.Series([wrong])).to_list() == [None]


@settings(max_examples=100)
@given(st.lists(HASHES | st.none() | st.text(max_size=40), max_size=20))
def test_a_column_gives_what_one_by_one_gives(hashes: list[str | None]) -> None:
    def one(value: str | None) -> int | None:
        is_hash = value is not None and len(value) == 32 and set(value) <= set(ALPHABET)
        return id64(value) if is_hash and value is not None else None

    found = derivation_hashes.id64(pl.Series("hash", hashes, pl.String))
    assert found.to_list() == [one(value) for value in hashes]
    assert found.dtype == pl.Int64
    column = pl.Series("hash", [*hashes, *hashes], pl.String)
    parts = [column[len(hashes) // 2 : len(hashes)], column[1:3]]
    joined = pl.concat(parts, rechunk=False)
    assert derivation_hashes.id64(parts[0]).to_list() == [one(value) for value in parts[0]]
    assert derivation_hashes.id64(joined).to_list() == [one(value) for value in joined]


PATHS = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["/nix/store/", "/gnu/store/", "/", "", "/nix/store//", "é/nix/store/"]),
    HASHES | st.text(max_size=34),
    st.sampled_from(["-a", "-", "-a/b", "a", "-é-1.0", "-\n"]),
    st.sampled_from([".drv", ".drv", ".drv/", ""]),
)


@settings(max_examples=300)
@given(st.lists(PATHS | st.none(), max_size=3))
def test_paths_give_the_hash_of_their_last_part(paths: list[str | None]) -> None:
    def one(path: str | None) -> int | None:
        found = re.search(rf"/([{ALPHABET}]{{32}})-[^/]+\.drv\Z", path or "")
        return id64(found[1]) if found else None

    told = derivation_hashes.of_builds(pl.DataFrame({"drv_path": paths}, schema={"drv_path": pl.String}))
    found = told["derivation_id64"].to_list() if "derivation_id64" in told.columns else [None] * len(paths)
    assert found == [one(path) for path in paths]


@pytest.mark.parametrize(
    ("name", "pname", "version"),
    [
        ("openssl-1.0.2l", "openssl", "1.0.2l"),
        ("lisp-ieee-floats-20160318-git", "lisp-ieee-floats", "20160318-git"),
        ("stdenv", "stdenv", ""),
        ("python3.6-pytest-3.0.7", "python3.6-pytest", "3.0.7"),
        ("trailing-", "trailing-", ""),
        ("x-_1", "x", "_1"),
    ],
)
def test_a_version_begins_after_a_dash_that_no_letter_follows(name: str, pname: str, version: str) -> None:
    assert split_name(name) == (pname, version)
