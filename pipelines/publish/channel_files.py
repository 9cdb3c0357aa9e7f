"""Files beside the page of a declared channel: feeds, a badge, and the newest green revision for scripts to pin.

`channels/<source>/<channel>/` holds `feed.atom`, `feed.json`, `badge.svg`, `badge.json` (the answer that shields.io
and Hydra's own badge know) and `latest.json`. All come from the data alone; names of files and ids of entries stay.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from pipelines.publish import feeds
from pipelines.publish.text import UNKNOWN, counted, day, days, esc, place

ENTRIES = 100
NIXPKGS = "github:NixOS/nixpkgs"
"""Where the revisions of evaluations can be fetched from."""
_COLOURS = {"green": "#1b7f4d", "blocked": "#b3261e", "unknown": "#5f6673"}
_SHIELDS = {"green": "brightgreen", "blocked": "red", "unknown": "lightgrey"}
_LETTER = 6.6
"""Width of a letter of the badge in pixels, at 11 pixels; texts are stretched to it, whatever font is there."""

Rows = Callable[..., list[dict[str, Any]]]


def folder(channel: Mapping[str, Any]) -> str:
    """The folder of a channel's files below the site's root."""
    return place("channels", channel["source"], channel["channel"])


def write(rows: Rows, root: Path, data_version: str, site_url: str | None) -> None:
    """Write the files of every declared channel below `root`, the site's root."""
    stalls, advances = rows("channel_stall_entries"), rows("simulated_advances")
    for channel in rows("declared_channels"):
        target = root / folder(channel)
        target.mkdir(parents=True, exist_ok=True)
        feed = _feed(channel, _of(stalls, channel), _of(advances, channel), site_url)
        (target / "feed.atom").write_bytes(feeds.atom(feed))
        (target / "feed.json").write_bytes(feeds.json_feed(feed))
        message, verdict = standing(channel)
        (target / "badge.svg").write_text(badge(channel["channel"], message, verdict), encoding="utf-8")
        _json(
            target / "badge.json",
            {
                "schemaVersion": 1,
                "label": channel["channel"][:100],
                "message": message,
                "color": _SHIELDS[verdict],
            },
        )
        _json(target / "latest.json", latest(channel, data_version))


def told(rows: Rows, source: str, channel: str, site_url: str | None) -> dict[str, Any]:
    """What a channel's page says of these files: their folder from there, their address, where the channel stands."""
    (row,) = [
        row for row in rows("declared_channels") if (row["source"], row["channel"]) == (source, channel)
    ]
    # Both are plain: the folder is made of slugs, the address is the operator's own.
    return {
        "files": Markup(folder(row).rsplit("/", 1)[1]),
        "address": Markup(f"{(site_url or 'https://ADDRESS-OF-THIS-SITE').rstrip('/')}/{folder(row)}"),
        "standing": f"{channel}: {standing(row)[0]}",
    }


def standing(channel: Mapping[str, Any]) -> tuple[str, str]:
    """Where a channel stands now, in a few words, and the verdict that gives the colour."""
    verdict = channel["verdict"]
    if verdict is None:
        return "no data", "unknown"
    if channel["stalled_at"] is not None:
        return f"blocked since {channel['stalled_at']:%Y-%m-%d}", "blocked"
    if verdict == "unknown" and channel["reason"] == "not blocked by a named failure":
        return f"no named failure {channel['judged_at']:%Y-%m-%d}", "unknown"
    return f"{verdict} {channel['judged_at']:%Y-%m-%d}", verdict


def latest(channel: Mapping[str, Any], data_version: str) -> dict[str, Any]:
    """The newest green revision; null where the channel never advanced or its evaluations do not tell revisions."""
    revision = channel["last_revision"]
    return {
        "channel": channel["channel"],
        "source": channel["source"],
        "title": channel["title"],
        "revision": revision,
        "flake": f"{NIXPKGS}/{revision}" if revision else None,
        "evaluation_id": channel["last_evaluation_id"],
        "advanced_at": _instant(channel["last_advance_at"] or channel["first_advance_at"]),
        "basis": channel["basis"],
        "verdict": channel["verdict"],
        "reason": channel["reason"],
        "judged_evaluation_id": channel["judged_evaluation_id"],
        "judged_at": _instant(channel["judged_at"]),
        "blocked_since_at": _instant(channel["stalled_at"]),
        "as_of": _instant(channel["as_of"]),
        "data_version": data_version,
    }


def badge(label: str, message: str, verdict: str) -> str:
    """A badge of two fields as SVG; its words are its text alternative, so that colour says nothing alone."""
    label = label if len(label) <= 40 else label[:39] + "…"
    left, right = (round(len(words) * _LETTER + 12) for words in (label, message))
    name = f"{esc(label)}: {esc(message)}"
    size = f'width="{left + right}" height="20"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{name}">',
        f"<title>{name}</title>",
        f'<rect {size} rx="3" fill="#3a404b"/>',
        f'<path d="M{left} 0h{right - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1 -3 3h-{right - 3}z" fill="{_COLOURS[verdict]}"/>',
        '<g fill="#fff" font-family="Liberation Sans,Arial,Helvetica,sans-serif" font-size="11">',
    ]
    for words, at, wide in ((label, 6, left), (message, left + 6, right)):
        parts.append(
            f'<text x="{at}" y="14" textLength="{wide - 12}" lengthAdjust="spacingAndGlyphs">{esc(words)}</text>'
        )
    return "".join([*parts, "</g></svg>\n"])


def _feed(
    channel: Mapping[str, Any],
    stalls: Sequence[Mapping[str, Any]],
    advances: Sequence[Mapping[str, Any]],
    site_url: str | None,
) -> feeds.Feed:
    """Stalls, told again when they end, and advances."""
    # From the files in the channel's folder its page is one folder up.
    page = f"../{folder(channel).rsplit('/', 1)[1]}.html"
    base = site_url.rstrip("/") + "/" + folder(channel) if site_url else None
    entries = [
        *(_stall(channel, row, page) for row in stalls),
        *(_advance(channel, row, page) for row in advances),
    ]
    return feeds.Feed(
        id=feeds.tag("channel", channel["source"], channel["channel"]),
        title=f"{channel['title']}: advances and stalls",
        url=f"{base}.html" if base else page,
        entries=feeds.ordered(entries)[:ENTRIES],
        as_of_at=channel["as_of"],
        atom_url=f"{base}/feed.atom" if base else None,
        json_url=f"{base}/feed.json" if base else None,
    )


def _of(rows: Sequence[Mapping[str, Any]], channel: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The rows of one channel."""
    return [row for row in rows if (row["source"], row["channel"]) == (channel["source"], channel["channel"])]


def _stall(channel: Mapping[str, Any], row: Mapping[str, Any], page: str) -> feeds.Entry:
    name = channel["channel"]
    because = "The source names no job that explains it."
    if row["cause"] is not None:
        red = f"{counted(row['jobs'], 'job')} of its selection {'was' if row['jobs'] == 1 else 'were'} red in it"
        saved = row["cause_saved_days"]
        because = (
            f"{red}; a fix of {row['cause']} would have saved {days(saved)} of it."
            if saved > 0
            else f"{red}, and no single fix would have ended it sooner."
        )
    if row["is_open"]:
        title = f"{name} is blocked since {day(row['stalled_at'])}"
        said = f"Evaluation {row['stall_evaluation_id']} was the first that it could not advance to."
    else:
        title = f"{name} was blocked for {days(row['stall_days'])} from {day(row['stalled_at'])}"
        said = (
            f"From evaluation {row['stall_evaluation_id']} to evaluation {row['ended_evaluation_id']}, "
            f"the first one clear again, on {day(row['ended_at'])}."
        )
    text = f"{said} {because}"
    return feeds.Entry(
        id=feeds.tag("channel", channel["source"], name, "stall", row["stall_evaluation_id"]),
        title=title,
        url=page,
        text=text,
        html=f"<p>{esc(text)}</p>",
        published_at=row["stalled_at"],
        updated_at=row["ended_at"] or row["stalled_at"],
    )


def _advance(channel: Mapping[str, Any], row: Mapping[str, Any], page: str) -> feeds.Entry:
    text = f"To revision {row['revision'] or UNKNOWN}, evaluation {row['evaluation_id']}" + (
        f", {days(row['gap_days'])} after the advance before." if row["gap_days"] is not None else "."
    )
    return feeds.Entry(
        id=feeds.tag("channel", channel["source"], channel["channel"], "advance", row["evaluation_id"]),
        title=f"{channel['channel']} advanced on {day(row['advanced_at'])}",
        url=page,
        text=text,
        html=f"<p>{esc(text)}</p>",
        published_at=row["advanced_at"],
        updated_at=row["advanced_at"],
    )


def _instant(value: Any) -> str | None:
    return None if value is None else f"{value:%Y-%m-%dT%H:%M:%SZ}"


def _json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
