"""Plans and comparisons for a terminal of 80 columns."""

import textwrap
from collections.abc import Sequence
from typing import Any

WIDTH = 80
SHOWN = 12
"""Rows of a table that are shown; the JSON has all."""


def plan(told: dict[str, Any]) -> list[str]:
    """The lines of a plan."""
    groupings = told["groupings"]
    reached = groupings["at_once"]["builds"]
    lines = [
        *package_set(told["package_set"]),
        counted(len(told["roots"]), "group of roots reaches ", "groups of roots reach ")
        + counted(reached, "package.", "packages."),
        "",
        f"{'Minor waves, in order':<46}{'level':>9}{'builds':>10}{'build time':>15}",
    ]
    waves = told["minor_waves"]
    for place in sample(len(waves), SHOWN):
        wave = waves[place]
        lines.append(
            fit(f"{wave['number']:>4}  {_groups(wave['groups'])}", 46)
            + f"{_span(wave['lowest_level'], wave['highest_level']):>9}{wave['builds']:>10,}{time_of(wave):>15}"
        )
    if len(waves) > SHOWN:
        lines.append(f"      ({len(waves) - SHOWN} more between these; --json has all)")
    if told["must_move_together"]:
        lines.append("These need each other and can only move together:")
        lines += [fit(f"  {_groups(groups)}", WIDTH).rstrip() for groups in told["must_move_together"]]
    lines += ["", f"{'Other groupings':<28}{'waves':>6}{'builds':>11}{'per package':>20}{'build time':>15}"]
    lines.append(f"{'':<45}{'mean  median   max':>20}")
    for name, words in GROUPINGS.items():
        row = groupings[name]
        lines.append(
            f"{words:<28}{row['minor_waves']:>6,}{row['builds']:>11,}"
            f"{row['mean_builds_per_package'] or 0:>7.1f}{row['median_builds_per_package'] or 0:>7.0f}"
            f"{row['max_builds_per_package'] or 0:>6,}{time_of(row):>15}"
        )
    lines += ["", *level_bars(told["rebuilt_levels"]), "", *_moving(told)]
    return lines


GROUPINGS = {
    "at_once": "all at once (floor)",
    "planned": "this plan",
    "by_level": "one wave per level",
    "one_by_one": "one wave per group",
}


def security(told: dict[str, Any]) -> list[str]:
    """The lines of a comparison."""
    wave, rate = told["wave"], told["rate"]
    at = "unknown" if told["level"] is None else str(told["level"])
    lines = [
        *package_set(told["package_set"]),
        f"{told['root']} is on level {at}; with all that needs it: {counted(told['packages'], 'package')}.",
        *wrapped(f"Wave {wave['name']}: {wave['basis']}."),
    ]
    if wave["packages_that_it_builds_too"] is None:
        lines.append("  what it builds itself, and what later ones build anyway: unknown")
    else:
        later = wave["packages_that_later_minor_waves_build_anyway"]
        lines.append(f"  {wave['packages_that_it_builds_too']:,} of them are built by it too")
        lines.append(f"  {later:,} of them are built again by later minor waves anyway")
    lines += [
        "",
        f"{'':<20}{'builds':>8}{'untested':>10}{'build time':>12}  builds with the wave",
    ]
    for way in told["ways"]:
        together = way["builds_with_the_wave"]
        both = "unknown" if together is None else " to ".join(f"{n:,}" for n in sorted(set(together)))
        lines.append(
            f"{way['way']:<20}{way['builds']:>8,}{way['untested_packages']:>10,}{time_of(way):>12}  {both}".rstrip()
        )
    lines += ["", f"{'Days until built':<20}{'50 %':>18}{'90 %':>18}{'100 %':>18}"]
    for way in told["ways"]:
        lines.append(f"{way['way']:<20}" + _days(way))
    source = rate["basis"] if rate else "unknown: no jobset is told in full with the times of a day's builds"
    lines += wrapped(f"Rate: {source}.")
    if rate:
        lines += wrapped(
            "First at the rate of the busiest day, then at the mean. Both are least times: machines are never idle, "
            "and no chain of builds holds them up."
        )
    lines.append("")
    lines += wrapped(
        "A graft builds nothing but the root itself, not counted here; it rewrites what needs it, and runs none "
        "of its tests."
    )
    lines += wrapped(
        "With overrides no CI builds the fix; who wants it builds what he has of these packages."
    )
    return lines


def _days(way: dict[str, Any]) -> str:
    if way["builds"] == 0:
        return f"{'no builds of a CI':>54}"
    if way["days"] is None:
        return f"{'unknown':>18}" * 3
    ends = ((f"{one['at_busiest_day']:.1f}", f"{one['at_mean']:.1f}") for one in way["days"].values())
    spans = (low if low == high else f"{low} to {high}" for low, high in ends)
    return "".join(f"{span:>18}" for span in spans)


def wrapped(text: str) -> list[str]:
    """A sentence as lines, all but the first indented."""
    return textwrap.wrap(text, WIDTH, subsequent_indent="  ")


def package_set(told: dict[str, Any]) -> list[str]:
    """Which package set, and what its graph lacks."""
    day = (told["committed_at"] or "unknown day")[:10]
    counts = f"{told['packages']:,} packages on {told['levels']} levels."
    lines = [f"{told['name']} at {told['revision'][:12]} ({day}): {counts}"]
    if told["is_partial"]:
        lines.append("This graph is known to lack attributes: every count is a lower bound.")
    if told["packages_of_unknown_level"]:
        lines.append(f"Of unknown level are {counted(told['packages_of_unknown_level'], 'package')}.")
    return lines


def sample(rows: int, shown: int) -> list[int]:
    """Places of at most `shown` rows spread evenly over all, the first and the last among them."""
    if rows <= shown:
        return list(range(rows))
    return sorted({round(n * (rows - 1) / (shown - 1)) for n in range(shown)})


def level_bars(levels: Sequence[dict[str, Any]]) -> list[str]:
    """Packages by ten spans of levels, as bars."""
    known = [row for row in levels if row["level"] is not None]
    if not known:
        return ["No package here has a known level."]
    low, high = known[0]["level"], known[-1]["level"]
    step = max(-(-(high - low + 1) // 10), 1)
    counts: dict[int, int] = {}
    for row in known:
        first = low + (row["level"] - low) // step * step
        counts[first] = counts.get(first, 0) + row["packages"]
    most = max(counts.values())
    lines = ["Packages by level"]
    for first, packages in sorted(counts.items()):
        last = min(first + step - 1, high)
        lines.append(f"{_span(first, last):>9} {packages:>7,} {'#' * round(packages / most * 60)}".rstrip())
    unknown = sum(row["packages"] for row in levels if row["level"] is None)
    return lines + ([f"  unknown {unknown:>7,}"] if unknown else [])


def _moving(told: dict[str, Any]) -> list[str]:
    rows, unknown = told["moves_too_often"], told["packages_without_history_of_updates"]
    reached = told["groupings"]["at_once"]["builds"]
    if unknown == reached:
        return wrapped(
            "Which packages move too often to wait: unknown, no history of updates covers the year before."
        )
    often = f"{told['moves_threshold']:,} updates or more in the year before"
    lines = wrapped(f"Move too often to wait for a wave ({often}): {len(rows):,}")
    if rows:
        lines.append(f"  {'attribute':<38}{'updates':>9}{'builds here':>13}{'needed by':>11}")
    lines += [
        f"  {fit(row['attr'], 38)}{row['updates_in_a_year']:>9,}{row['builds_in_the_plan']:>13,}"
        f"{row['packages_that_need_it']:>11,}"
        for row in rows[:SHOWN]
    ]
    if len(rows) > SHOWN:
        lines.append(f"  ({len(rows) - SHOWN} more; --json has all)")
    return lines + ([f"  unknown for {counted(unknown, 'package')}"] if unknown else [])


def _groups(groups: Sequence[Sequence[str]]) -> str:
    """Names of groups, members joined by +; of many the first, and how many more."""
    names = ["+".join(group) for group in groups]
    return ", ".join(names) if len(names) <= 3 else f"{names[0]} and {len(names) - 1:,} more"


def _span(low: int | None, high: int | None) -> str:
    if low is None or high is None:
        return "unknown"
    return str(low) if low == high else f"{low} to {high}"


def time_of(row: dict[str, Any]) -> str:
    """Hours of building as far as they are known, or `unknown`."""
    seconds, unknown = row["known_seconds"], row["builds_without_seconds"]
    if seconds is None:
        return "unknown"
    if row["builds"] == 0:
        return "none"
    return f"{'≥ ' if unknown else ''}{seconds / 3600:,.1f} h"


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 package`, `1,200 packages`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def fit(text: str, width: int) -> str:
    """Text filled up or cut to a width."""
    return text.ljust(width) if len(text) < width else text[: width - 2] + "… "
