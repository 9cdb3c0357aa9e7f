"""`channels.toml`: channels with what feeds them and what must be green, as events. Errors name file and line.

declared = 2026-08-19                 # date of this version of the text, for channels that do not say their own
[[channel]]
name = "science"                      # letters, digits and . _ + -
title = "Scientific Python"
kind = "community"                    # default; or "official"
instance = "hydra.nixos.org"          # who evaluates it, without https://
jobsets = ["nixpkgs/trunk"]           # or periods = [{ jobset, job, status, from, until }] where names changed
attrs = ["python3Packages.numpy", "cudaPackages.*"]    # `*`: no dot, `**`: anything; or `aggregate`, `maintained`,
                                      # `maintainers`, `teams` (pipelines.sources.package_owners): the selection
                                      # names what any of them names
exclude = ["cudaPackages.old*"]
systems = ["x86_64-linux"]            # default: all
with_dependencies = true              # and everything these need
tolerance = 0                         # jobs that may be red all the same
minimum_age_days = 0                  # days that an evaluation waits
job = "tested"                        # official: the job that must succeed
gate = "maintained"                   # instead of a selection's statuses: a verdict that the source reports
"""

import re
from pathlib import Path

from models.events import ChannelDeclared
from models.parts import ChannelPeriod
from pipelines.sources import declarations
from pipelines.sources.declarations import Table

SOURCE = "channels.toml"
STATUSES = ("beta", "rolling", "stable", "deprecated", "unmaintained")
PERIOD_KEYS = ("jobset", "job", "status", "from", "until")
SELECTORS = ("attrs", "aggregate", "maintained", "maintainers", "teams")
CHANNEL_KEYS = (
    *("name", "title", "kind", "instance", "declared", "jobsets", "job", "status", "periods", "gate"),
    *(*SELECTORS, "exclude", "systems", "with_dependencies", "tolerance", "minimum_age_days"),
)

_NAME = r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}"
_JOBSET = r"[A-Za-z_][A-Za-z0-9_.+-]*/[A-Za-z0-9_][A-Za-z0-9_.+-]*"
_INSTANCE = r"[a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[A-Za-z0-9._~/-]+)?"
_JOB = r"[^\s?*\[\]]{1,400}"
_GLOB = re.compile(r"[^\s?\[\]]{1,400}")


def read(path: Path) -> list[tuple[ChannelDeclared, Table]]:
    """Every declaration of a file with its table, which names the place of a fault. Raises BadInput."""
    file = declarations.load(path)
    whole = Table(file, (), file.table)
    whole.known(("channel", "declared"))
    found: dict[tuple[str, str], ChannelDeclared] = {}
    told = []
    for table in declarations.tables(file, "channel"):
        event = _event(table, whole)
        if found.setdefault((event.instance, event.channel), event) is not event:
            raise table.fault(
                f"{event.channel} of {event.instance} is declared twice: leave one out.", "name"
            )
        told.append((event, table))
    return told


def _event(table: Table, whole: Table) -> ChannelDeclared:
    """One `[[channel]]` as an event."""
    table.known(CHANNEL_KEYS)
    name = table.text("name", pattern=_NAME, form="letters, digits and . _ + -")
    kind = table.text("kind", "community", "official|community", "official or community")
    instance = table.text("instance", pattern=_INSTANCE, form="a host such as hydra.nixos.org")
    declared = table.day("declared", None) or whole.day("declared", None)
    if declared is None:
        raise table.fault(f"{name} has no `declared`: write the date of this version of its text.", "name")
    periods, gate = _periods(table), table.text("gate", None)
    selects = [key for key in SELECTORS if table.told.get(key)]
    if kind == "official" and not all(period.job for period in periods):
        raise table.fault(f"{name} is official and has no `job`: name the job that must succeed.", "kind")
    if kind == "community" and any(period.job for period in periods):
        raise table.fault(f"{name} has a `job`, which decides official channels: write `aggregate`.", "job")
    if kind == "community" and not selects and not gate:
        raise table.fault(f"{name} selects nothing: give one of {', '.join(SELECTORS)}, or a `gate`.")
    return ChannelDeclared(
        id=f"{SOURCE}:channel:{instance}:{name}:{declared:%Y-%m-%d}",
        source=SOURCE,
        observed_at=declared,
        channel=name,
        title=table.text("title", name),
        kind=kind,
        instance=instance,
        periods=periods,
        gate=gate,
        attrs=_globs(table, "attrs"),
        excluded=_globs(table, "exclude"),
        aggregate=table.text("aggregate", None, _JOB, "the name of a job"),
        maintainers=table.texts("maintainers", []),
        teams=table.texts("teams", []),
        is_maintained=table.flag("maintained") or None,
        systems=table.texts("systems", []),
        with_dependencies=table.flag("with_dependencies"),
        tolerance=int(_number(table, "tolerance", int, 1_000_000)),
        minimum_age_seconds=round(_number(table, "minimum_age_days", (int, float), 3650) * 86400),
    )


def _globs(table: Table, key: str) -> list[str]:
    globs = table.texts(key, [])
    wrong = next((glob for glob in globs if not _GLOB.fullmatch(glob)), None)
    if wrong is not None:
        raise table.fault(f"{wrong!r:.80} is no attribute: only * and ** stand for other letters.", key)
    return globs


def _number(table: Table, key: str, kinds: type | tuple[type, ...], most: int) -> float:
    value = table.get(key, 0)
    if isinstance(value, bool) or not isinstance(value, kinds) or not 0 <= value <= most:
        whole = "a whole number" if kinds is int else "a number"
        raise table.fault(f"{key} is {value!r:.80}: write {whole} from 0 to {most}.", key)
    return value


def _periods(table: Table) -> list[ChannelPeriod]:
    """What feeds the channel, in the order of time; `jobsets` with one `job` is short for periods without dates."""
    if "periods" not in table.told:
        job, status = table.text("job", None, _JOB, "the name of a job"), _status(table)
        jobsets = table.texts("jobsets")
        wrong = next((jobset for jobset in jobsets if not re.fullmatch(_JOBSET, jobset)), None)
        if wrong is not None or not jobsets:
            raise table.fault(f"jobsets has {wrong!r:.80}: write PROJECT/JOBSET.", "jobsets")
        return [ChannelPeriod(jobset=jobset, job=job, status=status) for jobset in jobsets]
    beside = next((key for key in ("jobsets", "job", "status") if key in table.told), None)
    if beside:
        raise table.fault(f"{beside} stands beside `periods`: say it in each of them.", beside)
    told = table.get("periods")
    if not isinstance(told, list) or not told or not all(isinstance(one, dict) for one in told):
        raise table.fault('periods is no list of tables: write periods = [{ jobset = "..." }].', "periods")
    found = []
    for number, one in enumerate(told):
        period = Table(table.file, (*table.place, "periods", number), one)
        period.known(PERIOD_KEYS)
        begin, end = period.day("from", None), period.day("until", None)
        found.append(
            ChannelPeriod(
                jobset=period.text("jobset", pattern=_JOBSET, form="PROJECT/JOBSET"),
                job=period.text("job", None, _JOB, "the name of a job"),
                status=_status(period),
                from_on=begin.date() if begin else None,
                until_on=end.date() if end else None,
            )
        )
    return found


def _status(table: Table) -> str | None:
    return table.text("status", None, "|".join(STATUSES), f"one of {', '.join(STATUSES)}")
