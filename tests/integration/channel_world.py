"""Channels declared over the recorded Hydra, and what a walk over its database says of each: no test itself."""

from collections.abc import Callable
from fnmatch import fnmatchcase

from tests.integration import channel_walk as walk
from tests.integration.channel_walk import Build, Evaluation

DECLARED = """
declared = 2026-09-01
[[channel]]
name = "nixos-unstable"
kind = "official"
instance = "hydra.example.org"
periods = [
    { jobset = "nixos/trunk-combined", job = "tested", until = 2026-12-02 },
    { jobset = "nixos/unstable", job = "tested", from = 2026-12-02 },
]
[[channel]]
name = "nixpkgs-unstable"
kind = "official"
instance = "hydra.example.org"
jobsets = ["nixpkgs/trunk"]
job = "unstable"
[[channel]]
name = "darwin"
kind = "official"
instance = "hydra.example.org"
jobsets = ["nixpkgs/trunk"]
job = "darwin-tested"
[[channel]]
name = "most-of-unstable"
instance = "hydra.example.org"
jobsets = ["nixpkgs/trunk"]
aggregate = "unstable"
tolerance = 7
with_dependencies = true
minimum_age_days = 1.5
[[channel]]
name = "python"
instance = "hydra.example.org"
jobsets = ["nixpkgs/trunk"]
attrs = ["python3*.**"]
systems = ["x86_64-linux"]
with_dependencies = true
[[channel]]
name = "tested-parts"
instance = "hydra.example.org"
jobsets = ["nixos/trunk-combined"]
aggregate = "tested"
[[channel]]
name = "tested-parts-without"
instance = "hydra.example.org"
jobsets = ["nixos/trunk-combined"]
aggregate = "tested"
exclude = ["nixos.tests.plasma6"]
"""
RELATIONS = ("metrics.channel_blockers", "core.channel_advances", "core.channel_selections")
TOLERANCE = {"most-of-unstable": 7}
Turn = tuple[Evaluation, str, list[Build], int]


def _official(jobset: str, job: str) -> list[Turn]:
    turns: list[Turn] = []
    for evaluation in walk.evaluations(jobset):
        gate = evaluation.job(job)
        parts = [evaluation.builds[one] for one in walk.constituents()[gate.id]]
        reds = [one for one in parts if one.is_red] or [one for one in [gate] if one.is_red]
        verdict = "green" if gate.status == 0 and evaluation.is_finished else "blocked"
        turns.append((evaluation, verdict, reds, sum(one.is_neutral for one in parts)))
    return turns


def _selected(
    chosen: Callable[[Evaluation], list[Build]], tolerance: int, jobset: str = "nixpkgs/trunk"
) -> list[Turn]:
    turns: list[Turn] = []
    for evaluation in walk.evaluations(jobset):
        builds = chosen(evaluation)
        reds = [one for one in builds if one.is_red]
        neutral = sum(one.is_neutral for one in builds)
        verdict = (
            "blocked" if len(reds) > tolerance else "unknown" if len(reds) + neutral > tolerance else "green"
        )
        turns.append((evaluation, verdict, reds, neutral))
    return turns


def _python(evaluation: Evaluation) -> list[Build]:
    return [
        one
        for one in evaluation.builds.values()
        if one.system == "x86_64-linux" and fnmatchcase(one.name[0], "python3*.*")
    ]


def _parts(aggregate: str, *without: str) -> Callable[[Evaluation], list[Build]]:
    return lambda evaluation: [
        evaluation.builds[one]
        for one in walk.constituents()[evaluation.job(aggregate).id]
        if evaluation.builds[one].name[0] not in without
    ]


def turns(channel: str) -> list[Turn]:
    """Evaluations of a channel with verdict, red jobs and number of undecided ones."""
    return {
        "nixos-unstable": lambda: _official("nixos/trunk-combined", "tested"),
        "nixpkgs-unstable": lambda: _official("nixpkgs/trunk", "unstable"),
        "darwin": lambda: _official("nixpkgs/trunk", "darwin-tested"),
        "most-of-unstable": lambda: _selected(_parts("unstable"), 7),
        "python": lambda: _selected(_python, 0),
        "tested-parts": lambda: _selected(_parts("tested"), 0, "nixos/trunk-combined"),
        "tested-parts-without": lambda: _selected(
            _parts("tested", "nixos.tests.plasma6"), 0, "nixos/trunk-combined"
        ),
    }[channel]()


CHANNELS = (
    "nixos-unstable",
    "nixpkgs-unstable",
    "darwin",
    "most-of-unstable",
    "python",
    "tested-parts",
    "tested-parts-without",
)
