"""What `channels.toml` may say, the line of what it may not, and how a change of it reaches the log."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.parts import ChannelPeriod
from pipelines import paths
from pipelines.errors import BadInput
from pipelines.log.store import EventLog
from pipelines.replay.selections import pattern
from pipelines.sources.channels import declared
from pipelines.sources.channels.ingest import ingest_declared

HEAD = "declared = 2026-01-01\n[[channel]]\n"
SELECTION = 'name = "a"\ninstance = "h.org"\njobsets = ["p/j"]\nattrs = ["x"]\n'
OFFICIAL = 'name = "o"\ninstance = "h.org"\nkind = "official"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "channels.toml"
    path.write_text(text)
    return path


def test_a_rename_keeps_one_history(tmp_path: Path) -> None:
    text = (
        HEAD
        + OFFICIAL
        + 'periods = [\n  { jobset = "nixos/trunk-combined", job = "tested", until = 2025-12-02 },\n'
        '  { jobset = "nixos/unstable", job = "tested", status = "rolling", from = 2025-12-02 },\n]\n'
    )
    ((event, _),) = declared.read(written(tmp_path, text))
    until = datetime(2025, 12, 2, tzinfo=UTC).date()
    assert event.periods == [
        ChannelPeriod(jobset="nixos/trunk-combined", job="tested", until_on=until),
        ChannelPeriod(jobset="nixos/unstable", job="tested", status="rolling", from_on=until),
    ]
    assert (event.id, event.kind) == ("channels.toml:channel:h.org:o:2026-01-01", "official")


def test_a_selection_with_everything_that_it_may_say(tmp_path: Path) -> None:
    more = (
        'title = "T"\nexclude = ["x.*"]\naggregate = "tested"\nmaintained = true\nmaintainers = ["m"]\nteams = ["t"]\n'
        'systems = ["x86_64-linux"]\nwith_dependencies = true\ntolerance = 2\nminimum_age_days = 1.5\n'
        'status = "stable"\ngate = "g"\ndeclared = 2026-03-01\n'
    )
    ((event, _),) = declared.read(written(tmp_path, HEAD + SELECTION + more))
    assert (event.title, event.attrs, event.excluded, event.aggregate, event.is_maintained) == (
        "T",
        ["x"],
        ["x.*"],
        "tested",
        True,
    )
    assert (event.maintainers, event.teams, event.systems, event.with_dependencies) == (
        ["m"],
        ["t"],
        ["x86_64-linux"],
        True,
    )
    assert (event.tolerance, event.minimum_age_seconds, event.gate) == (2, 129_600, "g")
    assert event.observed_at == datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (HEAD + SELECTION + 'atrs = ["x"]\n', 7, "did you mean attrs"),
        (HEAD + SELECTION + "tolerance = -1\n", 7, "whole number from 0"),
        (HEAD + SELECTION + "tolerance = true\n", 7, "whole number from 0"),
        (HEAD + SELECTION + "minimum_age_days = 99999\n", 7, "a number from 0"),
        (HEAD + SELECTION + "with_dependencies = 1\n", 7, "true or false"),
        (HEAD + SELECTION + 'exclude = ["a b"]\n', 7, "is no attribute"),
        (HEAD + SELECTION + 'status = "old"\n', 7, "one of beta, rolling"),
        (HEAD + SELECTION + 'job = "tested"\n', 7, "write `aggregate`"),
        (HEAD + SELECTION + "declared = 5\n", 7, "write a date"),
        (HEAD + SELECTION + 'periods = [{ jobset = "p/j" }]\n', 5, "stands beside `periods`"),
        (HEAD + SELECTION.replace('["x"]', "[]"), 2, "selects nothing"),
        (HEAD + SELECTION.replace('"p/j"', '"pj"'), 5, "PROJECT/JOBSET"),
        (HEAD + SELECTION.replace('"a"', '"a/b"'), 3, "letters, digits"),
        (HEAD + SELECTION.replace('"h.org"', '"https://h.org"'), 4, "a host such as"),
        (HEAD + OFFICIAL + 'jobsets = ["p/j"]\n', 5, "name the job that must succeed"),
        (HEAD + OFFICIAL + 'periods = [\n  { jobset = "p/j", jobb = "t" },\n]\n', 6, "did you mean job"),
        (HEAD + OFFICIAL + "periods = 3\n", 6, "no list of tables"),
        (HEAD + SELECTION + "[[channel]]\n" + SELECTION, 8, "declared twice"),
        ("[[channel]]\n" + SELECTION, 2, "has no `declared`"),
        ("channel = 3\n", 1, "no list of tables"),
        (HEAD + 'name = "a\n', 3, "not TOML"),
    ],
)
def test_a_fault_names_file_and_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    with pytest.raises(BadInput) as fault:
        declared.read(written(tmp_path, text))
    assert f"channels.toml, line {line}: " in str(fault.value)
    assert said in str(fault.value)


def test_the_newest_declaration_is_appended_and_the_same_one_is_not(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")

    def ingest(text: str) -> int:
        done = ingest_declared(written(tmp_path, text), log, tmp_path / "quarantine")
        return done.batch.rows if done.batch else 0

    assert ingest(HEAD + SELECTION) == 1
    assert ingest(HEAD + SELECTION) == 0
    with pytest.raises(BadInput, match=r"line 2: a changed, but `declared` is still 2026-01-01"):
        ingest(HEAD + SELECTION + "tolerance = 1\n")
    assert ingest(HEAD + SELECTION + "tolerance = 1\ndeclared = 2026-02-01\n") == 1
    assert ingest(HEAD + SELECTION) == 0
    assert len(log.batches()) == 2


@pytest.mark.parametrize(
    ("globs", "attr", "is_named"),
    [
        (["a.b"], "a.b", True),
        (["a.b"], "aXb", False),
        (["a.*"], "a.b", True),
        (["a.*"], "a.b.c", False),
        (["a.**"], "a.b.c", True),
        (["p3*Packages.numpy"], "p313Packages.numpy", True),
        (["p3*Packages.numpy"], "p3.Packages.numpy", False),
        (["*"], "", True),
        ([], "", False),
        (["a+b(c"], "a+b(c", True),
        (["x", "y*"], "yes", True),
    ],
)
def test_globs(globs: list[str], attr: str, is_named: bool) -> None:
    assert (pattern(globs).fullmatch(attr) is not None) is is_named


def test_the_bundled_channels_are_the_official_ones_and_some_of_a_community() -> None:
    events = {event.channel: event for event, _ in declared.read(paths.EXAMPLES / "channels.toml")}
    official = {
        name: "/".join((event.periods[-1].jobset, event.periods[-1].job or ""))
        for name, event in events.items()
        if event.kind == "official"
    }
    assert official == {
        "nixos-unstable": "nixos/unstable/tested",
        "nixos-unstable-small": "nixos/unstable-small/tested",
        "nixpkgs-unstable": "nixpkgs/unstable/unstable",
        "nixos-26.05": "nixos/release-26.05/tested",
        "nixos-26.05-small": "nixos/release-26.05-small/tested",
        "nixpkgs-26.05-darwin": "nixpkgs/nixpkgs-26.05-darwin/darwin-tested",
        "nixos-25.11": "nixos/release-25.11/tested",
        "nixos-25.11-small": "nixos/release-25.11-small/tested",
        "nixpkgs-25.11-darwin": "nixpkgs/nixpkgs-25.11-darwin/darwin-tested",
        "nixos-unstable-cuda": "nixos-cuda/channel-unstable/_tested",
        "nixos-26.05-cuda": "nixos-cuda/channel-26.05/_tested",
    }
    assert {event.channel for event in events.values() if event.kind == "community"} == {
        "haskell-updates-maintained",
        "haskell-updates-mergeable",
        "scientific-python",
        "scientific-python-cuda",
    }
    assert events["nixos-unstable"].periods[0].jobset == "nixos/trunk-combined"
    assert events["nixpkgs-unstable"].periods[0].jobset == "nixpkgs/trunk"
