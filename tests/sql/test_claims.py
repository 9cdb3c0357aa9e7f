"""Every claim finds what breaks it: each check runs on a warehouse in which one thing was made wrong."""

from collections.abc import Iterator
from datetime import timedelta

import duckdb
import pytest
from msgspec import structs

from models.events import (
    AggregateObserved,
    BuildObserved,
    ChannelDeclared,
    CiDetailObserved,
    EvaluationObserved,
    ObservationRetracted,
    PackageOwnersListed,
    WaveDeclared,
    WavePackageResolved,
)
from models.parts import ChannelPeriod, Gate, OwnerRow
from models.vocabulary import Cause, Coverage, Unit
from pipelines import checks
from pipelines.paths import SQL
from tests import built_sets, graphs, rebuilds
from tests.sql import harness, world

WORLDS = {
    "totals": """
        coverage failures_with_totals
        day                      0    1    2   3    100
        aarch64-linux a          S    F    F   s    S
        aarch64-linux +succeeded 100  100  9   100  100
        aarch64-linux +queued    0    0    91  0    0
        x86_64-linux  a          S    F    F   F    F
        x86_64-linux  b          D    D    s   F    s
        x86_64-linux +succeeded  100  100  100 100  100
    """,
    "full": """
        day             0  1  100
        x86_64-linux a  S  F  F
        x86_64-linux b  F  S  F
    """,
    "list": """
        coverage failures_only
        x86_64-linux a*30  F  .  F  F*16
        x86_64-linux b*10  F  F  F  F*16
    """,
    "burst": """
        x86_64-linux a*250  S F F
    """,
    "rooted": """
        x86_64-linux leaf  D D
        x86_64-linux root  F F
        x86_64-linux shaky F S=
    """,
    "fed": """
        day                 0 1 2 3
        x86_64-linux tested S F F S
        x86_64-linux a      S F F S
    """,
    "waved": """
        x86_64-linux root S S+ S+
        x86_64-linux a    S F  F
        x86_64-linux b    S D  D
        x86_64-linux c    S F  F
    """,
}
GRAIN_ONLY = {
    "core.status_classes",
    "core.status_kinds",
    "core.data_version",
    "core.list_verdicts",
    "core.reference_episodes",
    "core.time_to_fix_walk",
    "core.time_to_fix_bootstrap",
}
"""Relations of which nothing is claimed but their grain, or whose claims stand with the metric on them."""


def broken_claims() -> dict[str, str]:
    """Check -> statement that makes something wrong."""
    text = (harness.HERE / "broken_claims.sql").read_text(encoding="utf-8")
    parts = [part.strip().partition("\n") for part in text.split("\n\n")[1:]]
    return {name.removeprefix("-- "): statement for name, _, statement in parts}


def roots() -> list[harness.Recorded]:
    """What the source `rooted` says besides: which build made another one fail."""
    told = BuildObserved(
        source="rooted",
        jobset="nixpkgs/trunk",
        build_id="leaf.x86_64-linux.1",
        attr="leaf",
        system="x86_64-linux",
        observed_at=world.START,
        attempt=2,
        status="dependency-failed",
        source_status="2",
        is_finished=True,
        cause=Cause.DEPENDENCY,
        propagated_from_build="root.x86_64-linux.1",
        failed_derivations=["/nix/store/root.drv"],
    )
    own = structs.replace(
        told,
        build_id="root.x86_64-linux.1",
        attr="root",
        status="failed",
        cause=Cause.OWN,
        drv_path="/nix/store/root.drv",
        propagated_from_build=None,
        failed_derivations=[],
    )
    return [(1, told), (1, own)]


def waves() -> list[harness.Recorded]:
    """The declared wave of the source `waved`, and a decision on a package of it."""
    day = world.START + timedelta(days=1)
    declared = WaveDeclared(
        id="waves:declared:claims-1:2024-01-02",
        source="waved",
        observed_at=day,
        wave="claims-1",
        title="Claims",
        roots=["root"],
        instance="waved",
        jobsets=["nixpkgs/trunk"],
        started_at=day,
    )
    decided = WavePackageResolved(
        id="waves:resolved:claims-1:c:*:2024-01-02",
        source="waved",
        observed_at=day,
        wave="claims-1",
        attr="c",
        resolution="wont-fix",
        author="somebody",
        reason="unmaintained",
    )
    return [(1, declared), (1, decided)]


def channels() -> list[harness.Recorded]:
    """A channel of the source `fed`, the aggregate that blocks another one, and a gate."""
    common = {"source": "fed", "observed_at": world.START, "instance": "fed", "kind": "community"}
    declared = [
        ChannelDeclared(
            id=f"fed:channel:{name}",
            channel=name,
            title=name,
            periods=[ChannelPeriod(jobset="nixpkgs/trunk")],
            **selector,  # type: ignore[arg-type]
            **common,  # type: ignore[arg-type]
        )
        for name, selector in {"parts": {"aggregate": "tested"}, "one": {"attrs": ["a"]}}.items()
    ]
    waits = AggregateObserved(
        id="fed:aggregate:1",
        source="fed",
        observed_at=world.START,
        jobset="nixpkgs/trunk",
        build_id="tested.x86_64-linux.1",
        constituents=["a.x86_64-linux.1"],
    )
    gated = EvaluationObserved(
        id="fed:evaluation:1:gates",
        source="fed",
        observed_at=world.START,
        jobset="nixpkgs/trunk",
        evaluation_id="1",
        ordinal=1,
        observation_key="gates",
        unit=Unit.JOB,
        coverage=Coverage.FULL,
        listed_statuses=["all"],
        systems=[],
        gates=[Gate(name="merge", verdict="failed")],
    )
    return [*((1, one) for one in declared), (1, waits), (1, gated)]


def graph() -> list[harness.Recorded]:
    """A package set of the source `drawn` with its graph, and a build of it whose times are known."""
    drawn = graphs.events("libc\nssl <- libc\nsrc! <- ssl\napp <- ssl src", "drawn")
    built = BuildObserved(
        source="drawn",
        jobset="nixpkgs/trunk",
        build_id="app.1",
        attr="app",
        system=graphs.SYSTEM,
        observed_at=graphs.AT,
        status="succeeded",
        source_status="0",
        is_finished=True,
        cause=Cause.UNKNOWN,
        started_at=graphs.AT - timedelta(seconds=90),
        stopped_at=graphs.AT,
        time_kind="measured",
    )
    return [*((1, one) for one in drawn), (1, built)]


def rebuilt() -> list[harness.Recorded]:
    """A package set of the source `rebuilt` that was built twice: two triggers, one of them for tests only."""
    drawn = """
        commit 2024-01-01
        zlib 1
        mock 1
        tested 1 <- zlib mock(nativeCheckInputs)?
        app 1 <- zlib

        commit 2024-01-02
        mock 2

        commit 2024-01-03
        zlib 2
        mock 3
    """
    return [(1, event) for event in rebuilds.events(drawn, "rebuilt")]


def named() -> list[harness.Recorded]:
    """A package set of the source `named` over two commits, one of whose outputs names another one."""
    package = built_sets.Package
    app = package("app", "1", (("lib", "buildInputs"), ("tool", built_sets.CHECK)))
    history = built_sets.History(
        "named", [[package("lib"), package("tool"), app], [package("lib"), package("tool", "2"), app]]
    )
    first, last = (at["app"] for at in history.made())
    naming = built_sets.output(
        "named",
        first.number,
        built_sets.AT,
        "/nix/store/app",
        "app 1",
        ["/nix/store/" + "0" * 32 + "-lib-1"],
    )
    assert first.number != last.number
    return [*((1, one) for one in history.events()), (1, structs.replace(naming, id="named:naming"))]


def owners() -> list[harness.Recorded]:
    """Two lists of owners of the source `full`, of which the newer one holds."""
    return [
        (
            1,
            PackageOwnersListed(
                id=f"full:owners:{day}",
                source="full",
                observed_at=world.START + timedelta(days=day),
                rows=[OwnerRow(attr="a", owner_kind="team", owner=f"team-{day}")],
            ),
        )
        for day in (0, 1)
    ]


def details() -> list[harness.Recorded]:
    """What two events of the source `full` tell beside, of which one was taken back."""
    told = [
        CiDetailObserved(
            source="full", observed_at=world.START, event_id=name, event_type="org.example.v1", details="{}"
        )
        for name in ("stands", "taken back")
    ]
    back = ObservationRetracted(
        id="full:detail",
        source="full",
        observed_at=world.START,
        observation_id="full:ci_detail:taken back",
        reason="wrong",
    )
    return [*((1, one) for one in told), (1, back)]


@pytest.fixture(scope="module")
def sound() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse in which all claims hold."""
    given = [event for source, text in WORLDS.items() for event in world.events(text, source)]
    with harness.build(
        [*given, *roots(), *waves(), *channels(), *graph(), *rebuilt(), *named(), *owners(), *details()]
    ) as con:
        yield con


@pytest.mark.parametrize("name", broken_claims())
def test_a_claim_finds_what_breaks_it(sound: duckdb.DuckDBPyConnection, name: str) -> None:
    text = (SQL / "checks" / f"{name}.sql").read_text(encoding="utf-8")
    assert sound.sql(text).fetchall() == []
    sound.execute("begin")
    try:
        sound.execute(broken_claims()[name])
        assert len(sound.sql(text).fetchall()) > 0
    finally:
        sound.execute("rollback")


def test_every_core_relation_and_metric_has_a_claim() -> None:
    relations = harness.all_relations()
    claimed = set(checks.load(SQL / "checks", relations))
    public = {key for key, relation in relations.items() if relation.schema in ("core", "metrics")}
    assert public - claimed == GRAIN_ONLY


def test_every_claim_is_broken_once() -> None:
    claims = {path.stem for path in (SQL / "checks").glob("*.sql")}
    # Those about advances are broken in test_channel_delay, over the real ones.
    elsewhere = ("channel_advances__", "channel_delay__", "channels__")
    assert {name for name in claims if not name.startswith(elsewhere)} == set(broken_claims())
