"""Details of readings (`details`) as events that the log does not hold yet, and what of them is taken back."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import polars as pl

from models.ci_format import TYPES
from models.events import ObservationRetracted
from pipelines.sources.base import Rejected
from pipelines.sources.ci.details import DETAILS, fields_of
from pipelines.sources.ci.known import Past
from pipelines.sources.ci.observations import place_of
from pipelines.sources.ci.runs import Reading, Retraction

_KEY = ["source", "event_id"]
_CONFLICTING = "id is not unique: another event of this id was told with other details"


@dataclass
class Told:
    """What one source tells."""

    rows: pl.DataFrame | None = None
    """Rows of `ci_detail_observed`."""
    events: list[ObservationRetracted] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


def tell(
    readings: Sequence[Reading], past: Past, retracted: Sequence[Retraction]
) -> tuple[dict[str, Told], set[tuple[str, str]]]:
    """By source what is told, and (source, id) of events taken back of which nothing else is known.

    `retracted`: what earlier readings took back.
    """
    made: defaultdict[str, Told] = defaultdict(Told)
    back = [one for reading in readings for one in reading.retracted]
    frames = [reading.details for reading in readings if reading.details is not None]
    told = pl.concat(frames) if frames else DETAILS.to_frame()
    taken = told.join(_ids([*back, *retracted]), on=_KEY, how="semi")
    matched = _not_interpreted(taken.select(*_KEY, "event_type").rows())
    places = {uri: place_of(uri) for uri in told["source"].unique()}
    stands = told.join(taken, on=_KEY, how="anti").with_columns(pl.col("source").replace(places))
    for (place,), rows in stands.partition_by("source", as_dict=True).items():
        _details(str(place), rows, past, made[str(place)])
    for uri in sorted({one.source for one in back}):
        place = place_of(uri)
        own = {one.event_id: one for one in back if one.source == uri}
        known = past.details(place, pl.Series(own.keys(), dtype=pl.String))
        matched |= _not_interpreted((uri, event_id, kind) for event_id, kind, _ in known.iter_rows())
        made[place].events += [
            ObservationRetracted(
                id=f"{place}:ci_detail:{event_id}:retracted",
                source=place,
                observed_at=own[event_id].at,
                observation_id=f"{place}:ci_detail:{event_id}",
                reason=own[event_id].reason,
            )
            for event_id in known["event_id"]
        ]
    return dict(made), matched


def _ids(retractions: Sequence[Retraction]) -> pl.DataFrame:
    return pl.DataFrame(
        sorted({(one.source, one.event_id) for one in retractions}),
        schema={"source": pl.String, "event_id": pl.String},
        orient="row",
    )


def _not_interpreted(events: Iterable[tuple[str, str, str]]) -> set[tuple[str, str]]:
    """Those of events (source, id, type) whose details are all that is known of them."""
    return {(source, event_id) for source, event_id, kind in events if kind not in TYPES}


def _details(place: str, told: pl.DataFrame, past: Past, made: Told) -> None:
    """Put the details of one source into `made`: of each event the earliest, unless the log has some of it."""
    ordered = told.unique().sort("event_id", "occurred_at", "event_type", "details", nulls_last=True)
    first = ordered.unique("event_id", keep="first", maintain_order=True)
    others = ordered.join(first, on=["event_id", "details"], how="anti").select("event_id", "run_id").rows()
    known = past.details(place, first["event_id"]).select("event_id", known="details")
    both = first.join(known, on="event_id").filter(pl.col("details") != pl.col("known"))
    others += [
        (event_id, run_id)
        for event_id, run_id, *said in both.select("event_id", "run_id", "details", "known").iter_rows()
        if _contradict(*said)
    ]
    made.rejected += [
        Rejected("inbox", _CONFLICTING, event_id.encode(), evaluation_id=run_id)
        for event_id, run_id in sorted(others, key=repr)
    ]
    made.rows = first.join(known, on="event_id", how="anti", maintain_order="left").select(
        *("event_id", "event_type", "attr", "system", "variant", "details", "occurred_at"),
        source=pl.lit(place),
        observed_at="occurred_at",
        evaluation_id="run_id",
    )


def _contradict(one: str, other: str) -> bool:
    """Whether two texts of details say different things. Fields of one alone may be interpreted by another version."""
    try:
        these, those = fields_of(one), fields_of(other)
    except (ValueError, RecursionError):
        return True
    return any(bytes(these[name]) != bytes(those[name]) for name in these.keys() & those.keys())
