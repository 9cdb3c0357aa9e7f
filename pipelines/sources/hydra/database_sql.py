"""What is asked of a Hydra's database, in SQL that PostgreSQL and DuckDB (for exported tables) both speak.

Only the columns named here are ever read. Maintainers, owners, users and logs are not among them, the user name in
a machine's or an input's address is cut off by the database, and texts are bounded there.

Values are numbers of our own, written into the text: a bound parameter would make the driver hold whole results.
"""

from collections.abc import Collection

ERROR_CHARACTERS = 20_000
"""Kept of the text of an evaluation's errors."""

JOBSETS = "select j.id, j.project, j.name from jobsets j"
RENAMES = "select r.project, r.from_, r.to_ from jobsetrenames r"


def _without_login(column: str) -> str:
    """An address without user name and password."""
    return f"regexp_replace({column}, '(^|//)[^/@]*@', '\\1')"


def wanted_evaluations(jobset: int, after: int, pending: Collection[int]) -> str:
    """Ids of evaluations with builds that are new or pending, and how many builds each has."""
    return f"""
        select e.id as evaluation_id, coalesce(e.nrbuilds, 0) as members from jobsetevals e
        where e.jobset_id = {jobset:d} and e.hasnewbuilds = 1 and (e.id > {after:d} or e.id in ({_list(pending)}))
    """


def evaluations(ids: Collection[int]) -> str:
    """Evaluations with the text of their errors."""
    return f"""
        select
            e.id as evaluation_id,
            e.timestamp as evaluated_at,
            {_without_login("e.flake")} as flake,
            left(x.errormsg, {ERROR_CHARACTERS:d}) as evaluation_errors
        from jobsetevals e
        left join evaluationerrors x on x.id = e.evaluationerror_id
        where e.id in ({_list(ids)})
    """


def inputs(ids: Collection[int]) -> str:
    """Inputs of evaluations. Of alternatives under one name the first counts."""
    return f"""
        select i.eval as evaluation_id, i.name, {_without_login("i.uri")} as uri, i.revision
        from jobsetevalinputs i
        where i.altnr = 0 and i.eval in ({_list(ids)})
    """


def members(ids: Collection[int]) -> str:
    """Which builds evaluations hold."""
    return f"""
        select m.eval as evaluation_id, m.build as build_id from jobsetevalmembers m
        where m.eval in ({_list(ids)})
    """


def of_evaluations(ids: Collection[int], last_build: int, others: Collection[int]) -> list[str]:
    """Conditions on `b`: members of these evaluations beyond the last build read; and `others`."""
    held = f"select m.build from jobsetevalmembers m where m.eval in ({_list(ids)})"
    return [f"b.id > {last_build:d} and b.id in ({held})", *_among(others)] if ids else []


def changed(jobset: int, last_build: int, stopped_after: int, unfinished: Collection[int]) -> list[str]:
    """Conditions on `b`: builds read before that have no result, stopped since, or had no result then.

    One by one, not joined by `or`: so an index that Hydra has serves each.
    """
    known = f"b.jobset_id = {jobset:d} and b.id <= {last_build:d}"
    return [
        f"{known} and b.finished = 0",
        f"{known} and b.finished = 1 and b.stoptime > {stopped_after:d}",
        *_among(unfinished),
    ]


def _among(ids: Collection[int]) -> list[str]:
    return [f"b.id in ({_list(ids)})"] if ids else []


def _list(ids: Collection[int]) -> str:
    """Numbers for `in (...)`; without any, one that no id has."""
    return ", ".join(f"{number:d}" for number in sorted(ids)) or "-1"


def builds(condition: str) -> str:
    """Builds for which a condition on `b` holds."""
    return f"""
        select
            b.id as build_id,
            b.job,
            b.system,
            b.finished as is_finished,
            b.buildstatus as build_status,
            b.iscachedbuild as is_cached,
            b.timestamp as queued_at,
            b.starttime as started_at,
            b.stoptime as stopped_at,
            b.drvpath as drv_path,
            b.nixname as nix_name
        from builds b
        where {condition}
    """


def steps(condition: str) -> str:
    """Steps that built what these builds are of; of the failed ones also those that ended otherwise than well."""
    return f"""
        select
            s.build as build_id,
            s.stepnr as step,
            s.type,
            s.status,
            s.starttime as started_at,
            s.stoptime as stopped_at,
            regexp_replace(s.machine, '^.*@', '') as machine,
            s.system,
            s.drvpath as drv_path,
            s.propagatedfrom as propagated_from
        from buildsteps s
        join builds b on b.id = s.build
        where {condition} and b.finished = 1
            and (b.buildstatus <> 0 and s.status <> 0 or s.type = 0 and s.drvpath = b.drvpath)
    """


def constituents(condition: str) -> str:
    """Constituents of those of these builds that are aggregates."""
    return f"""
        select a.aggregate, a.constituent
        from aggregateconstituents a
        join builds b on b.id = a.aggregate
        where {condition}
    """
