"""Channels of the recorded Hydra once more, walked in plain Python over its database: no test itself.

Independent of `sql/` and of `pipelines`: it reads the tables of the database and knows Hydra's numbers. Every
evaluation of the later instant is finished, so nothing is undecided but what was aborted or cancelled.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache

from tests import hydra_world

NEUTRAL = {3, 4, 5, 9}
"""Codes that say nothing about a package: aborted, cancelled, obsolete, unsupported."""
JOBSET = {"nixos/trunk-combined": ("nixos", "trunk-combined"), "nixpkgs/trunk": ("nixpkgs", "trunk")}


@dataclass(frozen=True)
class Build:
    """One build of the database; `root` is the job and system of the build in which its failure happened."""

    id: int
    job: str
    system: str
    status: int | None
    root: tuple[str, str]

    @property
    def is_red(self) -> bool:
        return self.status is not None and self.status != 0 and self.status not in NEUTRAL

    @property
    def is_neutral(self) -> bool:
        return self.status is None or self.status in NEUTRAL

    @property
    def name(self) -> tuple[str, str]:
        """Attribute and system."""
        return self.job.removesuffix(f".{self.system}"), self.system


@dataclass(frozen=True)
class Evaluation:
    """An evaluation with its builds by id, in Hydra's order."""

    id: int
    at: int
    revision: str
    builds: dict[int, Build]

    @property
    def is_finished(self) -> bool:
        return all(build.status is not None for build in self.builds.values())

    def job(self, name: str) -> Build:
        """The build of a job without a system in its name."""
        return next(build for build in self.builds.values() if build.job == name)


@dataclass
class Stall:
    """Evaluations in which a channel could not advance, with the red jobs of each."""

    evaluations: list[Evaluation]
    reds: list[dict[tuple[str, str], tuple[str, str]]]
    """Job and system -> its root, by evaluation."""
    verdicts: list[str]
    spare: list[int] = field(default_factory=list)
    """Undecided jobs of each evaluation."""
    ended: Evaluation | None = None

    def saved(
        self, tolerance: int, without: set[tuple[str, str]] | None = None, root: tuple[str, str] | None = None
    ) -> int:
        """Seconds saved had some jobs, or all that one root turned red, not been red."""
        times = [evaluation.at for evaluation in self.evaluations]
        ends = [*times[1:], self.ended.at if self.ended else times[-1]]
        return sum(
            end - begin
            for begin, end, reds, spare in zip(times, ends, self.reds, self.spare, strict=True)
            if self._touches(reds, without, root) and self._left(reds, without, root) + spare <= tolerance
        )

    @staticmethod
    def _touches(
        reds: dict[tuple[str, str], tuple[str, str]],
        without: set[tuple[str, str]] | None,
        root: tuple[str, str] | None,
    ) -> bool:
        return any(name in (without or ()) or at == root for name, at in reds.items())

    @staticmethod
    def _left(
        reds: dict[tuple[str, str], tuple[str, str]],
        without: set[tuple[str, str]] | None,
        root: tuple[str, str] | None,
    ) -> int:
        return sum(name not in (without or ()) and at != root for name, at in reds.items())


@cache
def evaluations(jobset: str) -> list[Evaluation]:
    """The evaluations of a jobset at the later instant that hold builds of their own."""
    project, name = JOBSET[jobset]
    table = {
        part: hydra_world.table("t2", part).to_dicts()
        for part in ("jobsets", "jobsetevals", "jobsetevalinputs", "jobsetevalmembers")
    }
    (jobset_id,) = [row["id"] for row in table["jobsets"] if (row["project"], row["name"]) == (project, name)]
    revisions = {
        row["eval"]: row["revision"] for row in table["jobsetevalinputs"] if row["name"] == "nixpkgs"
    }
    members: dict[str, list[int]] = defaultdict(list)
    for row in table["jobsetevalmembers"]:
        members[row["eval"]].append(int(row["build"]))
    builds = _builds()
    return sorted(
        (
            Evaluation(
                int(row["id"]),
                int(row["timestamp"]),
                revisions[row["id"]],
                {build: builds[build] for build in members[row["id"]]},
            )
            for row in table["jobsetevals"]
            if row["jobset_id"] == jobset_id and row["hasnewbuilds"] == "1"
        ),
        key=lambda evaluation: evaluation.id,
    )


@cache
def constituents() -> dict[int, set[int]]:
    """Builds on which each aggregate waits."""
    found: dict[int, set[int]] = defaultdict(set)
    for row in hydra_world.table("t2", "aggregateconstituents").to_dicts():
        found[int(row["aggregate"])].add(int(row["constituent"]))
    return found


@cache
def _builds() -> dict[int, Build]:
    rows = {int(row["id"]): row for row in hydra_world.table("t2", "builds").to_dicts()}
    steps: dict[int, int] = {}
    for row in hydra_world.table("t2", "buildsteps").to_dicts():
        if row["status"] not in ("0", "13", None) and row["propagatedfrom"]:
            steps[int(row["build"])] = int(row["propagatedfrom"])

    def root(build: int) -> tuple[str, str]:
        at = steps.get(build, build) if rows[build]["buildstatus"] not in ("1", "6") else build
        row = rows.get(at, rows[build])
        return row["job"].removesuffix(f".{row['system']}"), row["system"]

    return {
        build: Build(
            build,
            row["job"],
            row["system"],
            int(row["buildstatus"]) if row["finished"] == "1" else None,
            root(build),
        )
        for build, row in rows.items()
    }


def stalls(turns: list[tuple[Evaluation, str, list[Build], int]]) -> list[Stall]:
    """Stalls of a channel from its evaluations with verdict, red jobs and number of undecided ones."""
    found: list[Stall] = []
    is_open = False
    for evaluation, verdict, reds, spare in turns:
        if verdict == "green":
            if is_open:
                found[-1].ended = evaluation
            is_open = False
        elif is_open or verdict == "blocked":
            if not is_open:
                found.append(Stall([], [], []))
            is_open = True
            found[-1].evaluations.append(evaluation)
            found[-1].reds.append({build.name: build.root for build in reds})
            found[-1].verdicts.append(verdict)
            found[-1].spare.append(spare)
    return found
