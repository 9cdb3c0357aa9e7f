"""The list of official channels in Nix: read strictly, compared with ours, and never taken silently."""

import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import BadInput, HealthError
from pipelines.log.store import EventLog
from pipelines.sources.channels import declared, fetch, official
from pipelines.sources.channels.ingest import ingest_official
from pipelines.sources.channels.official import Official

NIX = """rec {
  # what was before
  channels = {
    # "commented" = { job = "a/b/c"; };
    "nixos-unstable" = {
      job = "nixos/unstable/tested"; /* { */
      variant = "primary";
      status = "rolling";
    };
    old = { job = "nixos/release-20.09/tested"; current = false; };
    new = { current = true; job = "nixos/release-26.11/tested"; };
  };
  channels-with-urls = (builtins.mapAttrs (name: about: about.job) channels);
}
"""
UNSTABLE = "nixos-unstable is fed by nixos/unstable/tested"
OURS = """
declared = 2026-08-19
[[channel]]
name = "nixos-unstable"
kind = "official"
instance = "hydra.nixos.org"
jobsets = ["nixos/trunk-combined"]
job = "tested"
status = "stable"
[[channel]]
name = "gone"
kind = "official"
instance = "hydra.nixos.org"
jobsets = ["nixos/gone"]
job = "tested"
[[channel]]
name = "nixos-unstable-cuda"
kind = "official"
instance = "hydra.nixos-cuda.org"
jobsets = ["nixos-cuda/channel-unstable"]
job = "_tested"
"""


def test_the_list_is_read_with_its_phases_and_as_it_was_before_it_had_them() -> None:
    assert official.read(NIX, "here") == [
        Official("nixos-unstable", "nixos/unstable/tested", "rolling"),
        Official("old", "nixos/release-20.09/tested", "unmaintained"),
        Official("new", "nixos/release-26.11/tested", None),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{ }", "no `channels = {`"),
        ('channels = { a = { job = "x/y/z"; }; ', "the end of the file"),
        ('channels = {\n a = {\n job = "x/${y}/z"; }; };', "line 3: "),
        ("channels = {\n a = { job = foo; }; };", "line 2: job is 'foo', no text"),
        ("channels = {\n a = import ./a.nix; };", "stands where { is expected"),
        ('channels = { a = { job = "x/y/z" }; };', "stands where ; is expected"),
        ('channels = { a = { job = "x/y/z"; } // b; };', "is not understood"),
        ('channels = { a = { job = "x/y"; }; };', "has the job 'x/y'"),
        ('channels = { a = { job = "x/y/z"; branch = "b"; }; };', "has the key 'branch'"),
        ('channels = { a = { job = "x/y/z"; status = "new"; }; };', "has the status 'new'"),
        ('channels = { a = { job = "x/y/z"; job = "x/y/z"; }; };', "is said twice"),
        ('channels = { a = { job = "x/y/z"; }; a = { job = "x/y/z"; }; };', "names a channel twice"),
        ('channels = { "../a" = { job = "x/y/z"; }; };', "which is not known"),
        ("channels = {" + " " * official.LARGEST, "more than"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(BadInput) as fault:
        official.read(text, "channels.nix")
    assert said in str(fault.value)


@given(st.text(alphabet='channels={}";# \n/*\\$ab', max_size=80))
def test_any_text_is_read_or_refused_in_a_sentence(text: str) -> None:
    with contextlib.suppress(BadInput):
        official.read("channels = {" + text, "channels.nix")


def test_new_channels_are_recorded_and_differences_only_said(tmp_path: Path) -> None:
    (tmp_path / "channels.toml").write_text(OURS)
    ours = [event for event, _ in declared.read(tmp_path / "channels.toml")]
    log = EventLog(tmp_path / "log")

    def ingest(text: str, day: str) -> tuple[list[str], int]:
        done, said = ingest_official(text, "channels.nix", day, ours, log, tmp_path / "quarantine")
        return said, done.batch.rows if done.batch else 0

    said, rows = ingest(NIX, "2026-10-01")
    assert said == [
        f"{UNSTABLE} there and by nixos/trunk-combined/tested in our file, which holds",
        "nixos-unstable is rolling there and stable in our file, which holds",
        "old is new: fed by nixos/release-20.09/tested, unmaintained",
        "new is new: fed by nixos/release-26.11/tested, status not told",
        "gone is in our file and not there any more",
    ]
    assert rows == 2
    told = log.scan("channel_declared").collect().sort("channel")
    assert told["channel"].to_list() == ["new", "old"]
    assert told["kind"].to_list() == ["official", "official"]
    assert told["id"][0] == "github.com/NixOS/infra:channel:hydra.nixos.org:new:2026-10-01"
    # The same list on another day says the same and records nothing.
    assert ingest(NIX, "2026-10-02") == (said, 0)
    # One that changed there is a new version of the same channel.
    moved = NIX.replace("release-26.11/tested", "release-26.11-small/tested")
    assert ingest(moved, "2026-10-03")[1] == 1
    with pytest.raises(BadInput, match="read it again tomorrow"):
        ingest(NIX, "2026-10-03")


@contextmanager
def answering(status: int, body: bytes, headers: dict[str, str]) -> Iterator[str]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing on the error stream."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/channels.nix"
        finally:
            server.shutdown()


def test_a_server_and_a_file_give_the_same_text(tmp_path: Path) -> None:
    (tmp_path / "channels.nix").write_text(NIX)
    with answering(200, NIX.encode(), {}) as url:
        assert fetch.text_of(url) == fetch.text_of(str(tmp_path / "channels.nix")) == NIX


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind", "said"),
    [
        (404, b"", {}, HealthError, "answered 404: the declared channels hold"),
        (200, b"\xff", {}, BadInput, "is not UTF-8"),
        (200, b"a" * (official.LARGEST + 1), {}, BadInput, "has more than"),
        (302, b"", {"Location": "http://example.org/"}, BadInput, "is no https address"),
    ],
)
def test_an_answer_that_is_no_list_is_said(
    status: int, body: bytes, headers: dict[str, str], kind: type[HealthError], said: str
) -> None:
    with answering(status, body, headers) as url, pytest.raises(kind) as fault:
        fetch.text_of(url)
    assert said in str(fault.value)


@pytest.mark.parametrize("place", ["http://example.org/channels.nix", "ftp://127.0.0.1/x", "absent.nix"])
def test_a_place_that_cannot_be_asked_is_refused(place: str) -> None:
    with pytest.raises(HealthError):
        fetch.text_of(place)
