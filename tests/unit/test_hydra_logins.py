"""Logins in addresses of inputs are never kept."""

import duckdb
import pytest

from pipelines.sources.hydra.crawled import without_login

ADDRESSES = [
    ("https://user:secret@example.org/nixpkgs.git", "https://example.org/nixpkgs.git"),
    ("git@github.com:NixOS/nixpkgs.git", "github.com:NixOS/nixpkgs.git"),
    ("https://example.org/a@b", "https://example.org/a@b"),
    ("github:NixOS/nixpkgs/0123", "github:NixOS/nixpkgs/0123"),
]


@pytest.mark.parametrize(("told", "kept"), ADDRESSES)
def test_a_login_is_cut_off_over_http_as_from_a_database(told: str, kept: str) -> None:
    assert without_login(told) == kept
    query = "select regexp_replace($told, '(^|//)[^/@]*@', '\\1')"
    assert duckdb.execute(query, {"told": told}).fetchall() == [(kept,)]


def test_none_stays_none() -> None:
    assert without_login(None) is None
