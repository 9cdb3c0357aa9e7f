"""A binary cache on loopback, a real HTTP server, asked for what the log lacks; with faults."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipelines.cli import main
from pipelines.errors import BadInput, HealthError
from pipelines.log.store import EventLog
from pipelines.sources import binary_cache
from pipelines.sources.binary_cache import Done
from pipelines.sources.hydra.outcomes import Clock

CACHE = Path(__file__).parent.parent / "data" / "nix-recorded" / "cache"
APP = "/nix/store/2zc6xbk6cnaxb56z7i1w1x84srjlhhrx-app-3.0"
TOOL = "/nix/store/779wvs1ych4gv5frcx09669vq5yf6wh5-tool-0.9"
LIB = "/nix/store/s4g0x9l8miy43s6cypb4h99mskpxl80x-libfoo-1.2.1"
GONE = "/nix/store/00000000000000000000000000000000-gone"
AT = datetime(2026, 3, 1, tzinfo=UTC)
Answer = tuple[int, dict[str, str], bytes]
Fault = Callable[[int, str, bytes], Answer | None]
"""Number of the request, path, good body -> another answer."""


@dataclass
class Served:
    """The server, what it was asked, and the fault that it has."""

    url: str
    asked: list[str] = field(default_factory=list)
    fault: Fault = lambda _number, _path, _body: None
    now: datetime = AT
    waited: float = 0.0


@pytest.fixture
def served() -> Iterator[Served]:
    state = Served("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(self.path)
            file = CACHE / self.path.lstrip("/")
            body = file.read_bytes() if file.is_file() else b""
            good = (200 if body else 404, {"Content-Type": "text/x-nix-narinfo"}, body or b"404")
            status, headers, sent = state.fault(len(state.asked), self.path, body) or good
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(sent))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


def ask(served: Served, var: Path, *paths: str, from_log: bool = False) -> Done:
    def sleep(seconds: float) -> None:
        served.waited += seconds

    log = EventLog(var / "log")
    clock = Clock(lambda: time.monotonic() + served.waited, sleep, lambda: served.now)
    cache = binary_cache.instance(served.url, 1000, None, operators_agreed=False)
    wanted = binary_cache.named(log) if from_log else paths
    return binary_cache.ingest(cache, wanted, var, log, var / "quarantine", clock)


def outputs(var: Path) -> list[str]:
    return sorted(EventLog(var / "log").scan("output_observed").collect()["path"].to_list())


def test_what_the_log_names_is_asked_for_until_all_is_known(served: Served, tmp_path: Path) -> None:
    assert ask(served, tmp_path, APP).told == 1
    (row,) = EventLog(tmp_path / "log").scan("output_observed").collect().to_dicts()
    assert (row["nar_bytes"], row["file_bytes"], row["references"]) == (520, 232, [TOOL])
    assert (row["source"], row["observed_at"]) == (served.url.removeprefix("http://"), AT)
    assert ask(served, tmp_path, from_log=True).told == 1
    assert ask(served, tmp_path, from_log=True).told == 1
    assert outputs(tmp_path) == [APP, TOOL, LIB]
    assert ask(served, tmp_path, from_log=True) == Done(served.url.removeprefix("http://"))
    again = ask(served, tmp_path, APP, TOOL, LIB)
    assert (again.told, again.known) == (0, 3)
    assert len(served.asked) == 3


def test_what_is_not_there_is_asked_for_again_at_growing_distance(served: Served, tmp_path: Path) -> None:
    asked = []
    for hour in range(32):
        served.now = AT + timedelta(hours=hour)
        done = ask(served, tmp_path, GONE)
        assert done.absent + done.waiting == 1
        asked += [hour] if done.absent else []
    assert asked == [0, 1, 3, 7, 15, 31]
    assert outputs(tmp_path) == []


def test_a_busy_cache_is_given_the_time_it_asks_for(served: Served, tmp_path: Path) -> None:
    served.fault = lambda number, _p, _b: (429, {"Retry-After": "40"}, b"") if number == 1 else None
    assert ask(served, tmp_path, APP).told == 1
    assert served.waited > 39.9


@pytest.mark.parametrize("is_declared", [True, False])
def test_a_truncated_answer_is_asked_for_again(served: Served, tmp_path: Path, is_declared: bool) -> None:
    def cut(number: int, _path: str, body: bytes) -> Answer | None:
        length = {"Content-Length": str(len(body))} if is_declared else {}
        headers = {"Content-Type": "text/x-nix-narinfo", "Connection": "close"} | length
        return (200, headers, body[:150]) if number == 1 else None

    served.fault = cut
    assert ask(served, tmp_path, APP).told == 1
    assert len(served.asked) == 2


@pytest.mark.parametrize("kind", ["text/html", "text/plain"])
def test_a_page_in_place_of_an_answer_is_no_fact(served: Served, tmp_path: Path, kind: str) -> None:
    page = b"<html>Are you human?</html>\n"
    served.fault = lambda number, _p, _b: (200, {"Content-Type": kind}, page) if number == 1 else None
    done = ask(served, tmp_path, APP, TOOL)
    assert (done.told, done.rejected) == (1, 1)
    assert outputs(tmp_path) == [TOOL]
    assert EventLog(tmp_path / "log").scan("gap_declared").collect().height == 1


def test_an_answer_about_another_path_is_no_fact(served: Served, tmp_path: Path) -> None:
    other = (CACHE / f"{TOOL[11:43]}.narinfo").read_bytes()
    served.fault = lambda _n, _p, _b: (200, {"Content-Type": "text/x-nix-narinfo"}, other)
    done = ask(served, tmp_path, APP)
    assert (done.told, done.rejected, outputs(tmp_path)) == (0, 1, [])


def test_a_cache_that_fails_on_and_on_is_left_alone_and_what_it_told_is_kept(
    served: Served, tmp_path: Path
) -> None:
    served.fault = lambda number, _p, _b: (503, {}, b"") if number > 1 else None
    done = ask(served, tmp_path, APP, TOOL)
    assert done.told == 1
    assert done.ended is not None
    assert len(served.asked) == 6
    assert outputs(tmp_path) == [APP]
    with pytest.raises(HealthError, match="ended early"):
        ask(served, tmp_path / "other", TOOL)


def test_a_public_cache_is_asked_with_consent_only(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="contact and operators_agreed"):
        binary_cache.instance("https://cache.example.org", None, None, operators_agreed=False)
    agreed = binary_cache.instance("https://cache.example.org", 2, "ops@example.org", operators_agreed=True)
    assert agreed.rate == 2


def test_a_list_holds_store_paths_only(tmp_path: Path) -> None:
    (tmp_path / "paths").write_text(f"{APP}\n\n{TOOL}\n")
    assert binary_cache.listed(tmp_path / "paths") == [APP, TOOL]
    (tmp_path / "paths").write_text(f"{APP}\n/etc/passwd\n")
    with pytest.raises(BadInput, match="line 2"):
        binary_cache.listed(tmp_path / "paths")


def command(served: Served, var: Path, *words: str) -> Result:
    """The words as an operator types them, with state of their own."""
    environment = {"NIXPKGS_HEALTH_VAR": str(var), "NIXPKGS_HEALTH_CONFIG": str(var / "config.toml")}
    return CliRunner().invoke(
        main, ["ingest", "cache", "--url", served.url, "--rate", "1000", *words], env=environment
    )


def test_the_command_asks_for_listed_paths_then_for_what_these_name(served: Served, tmp_path: Path) -> None:
    var = tmp_path / "var"
    paths = tmp_path / "paths"
    paths.write_text(f"{APP}\n\n{GONE}\n")
    source = served.url.removeprefix("http://")

    def said(told: int, absent: int, known: int, waiting: int) -> str:
        return (
            f"{source}: {told} paths told, {absent} not there, {known} known already, "
            f"{waiting} not there before and asked again later, 0 answers rejected\n"
        )

    done = command(served, var, "--paths", str(paths))
    assert (done.exit_code, done.stdout) == (0, said(1, 1, 0, 0))
    assert outputs(var) == [APP]
    assert command(served, var, "--paths", str(paths)).stdout == said(0, 0, 1, 1)
    asked = [name(APP), name(GONE)]
    assert served.asked == asked, "what is known, or was not there just now, is not asked for again"
    # Without a list, what the log names and has no content of.
    assert command(served, var).stdout == said(1, 0, 0, 0)
    assert command(served, var).stdout == said(1, 0, 0, 0)
    assert command(served, var).stdout == said(0, 0, 0, 0)
    assert served.asked == [*asked, name(TOOL), name(LIB)]
    assert outputs(var) == sorted([APP, TOOL, LIB])


def test_the_command_says_what_was_wrong(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.sources.hydra.client.Client._wait", lambda *_: None)
    paths = tmp_path / "paths"
    paths.write_text(f"{APP}\n/etc/passwd\n")
    done = command(served, tmp_path, "--paths", str(paths))
    assert (done.exit_code, served.asked) == (3, [])
    assert "paths, line 2: '/etc/passwd' is no path of a store" in done.stderr
    served.fault = lambda _number, _path, _body: (503, {}, b"")
    paths.write_text(f"{APP}\n")
    done = command(served, tmp_path, "--paths", str(paths))
    assert done.exit_code == 1
    assert "ended early" in done.stderr
    done = CliRunner().invoke(main, ["ingest", "cache", "--url", "https://cache.example.org"])
    assert done.exit_code == 3
    assert "contact" in done.stderr


def name(path: str) -> str:
    """What a cache is asked for."""
    return f"/{path[11:43]}.narinfo"
