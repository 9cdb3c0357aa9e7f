"""What is asked of a Hydra's database, in SQL that PostgreSQL and DuckDB (for exported tables) both speak.

Only the columns named here are ever read. Maintainers, owners, users and logs are not among them, the user name in
a machine's or an input's address is cut off by the database, and texts are bounded there.

Values are numbers of our own, written into the text: a bound parameter would make the driver hold whole results.
"""

from collections.abc import Collection

ERROR_CHARACTERS = 20_000
"""Kept of the text of an evaluation's errors."""

JOBSETS = """
select j.id, j.project, j.name from jobsets j
where exists (select 1 from jobsetevals e where e.jobset_id = j.id and e.hasnewbuilds = 1)
"""
RENAMES = "select r.project, r.from_, r.to_ from jobsetrenames r"


def _without_login(column: str) -> str:
    """An address without user name and password."""
    return f"regexp_replace({column}, '(^|//)[^/@]*@', '\\1')"


def new_evaluations(jobset: int, after: int) -> str:
    """Ids of evaluations with builds, and how many builds each has."""
    return f"""
        select e.id as evaluation_id, coalesce(e.nrbuilds, 0) as members from jobsetevals e
        where e.jobset_id = {jobset:d} and e.hasnewbuilds = 1 and e.id > {after:d}
    """


def _chosen(jobset: int, after: int, upto: int) -> str:
    return f"""
        select e.id from jobsetevals e
        where e.jobset_id = {jobset:d} and e.hasnewbuilds = 1 and e.id > {after:d} and e.id <= {upto:d}
    """


def evaluations(jobset: int, after: int, upto: int) -> str:
    """Evaluations with the text of their errors."""
    return f"""
        select
            e.id as evaluation_id,
            e.timestamp as evaluated_at,
            {_without_login("e.flake")} as flake,
            left(x.errormsg, {ERROR_CHARACTERS:d}) as evaluation_errors
        from jobsetevals e
        left join evaluationerrors x on x.id = e.evaluationerror_id
        where e.id in ({_chosen(jobset, after, upto)})
    """


def inputs(jobset: int, after: int, upto: int) -> str:
    """Inputs of evaluations. Of alternatives under one name the first counts, as on Hydra's own pages."""
    return f"""
        select i.eval as evaluation_id, i.name, {_without_login("i.uri")} as uri, i.revision
        from jobsetevalinputs i
        where i.altnr = 0 and i.eval in ({_chosen(jobset, after, upto)})
    """


def members(jobset: int, after: int, upto: int) -> str:
    """Which builds evaluations hold."""
    return f"""
        select m.eval as evaluation_id, m.build as build_id from jobsetevalmembers m
        where m.eval in ({_chosen(jobset, after, upto)})
    """


def of_evaluations(jobset: int, after: int, upto: int, last_build: int, others: Collection[int]) -> str:
    """Condition on `b`: members of these evaluations beyond the last build read, or among `others`."""
    held = f"select m.build from jobsetevalmembers m where m.eval in ({_chosen(jobset, after, upto)})"
    return f"(b.id in ({held}) and b.id > {last_build:d}{_or_among(others)})"


def changed(jobset: int, last_build: int, stopped_after: int, unfinished: Collection[int]) -> str:
    """Condition on `b`: builds read before that stopped since, have no result, or had none then."""
    since = f"b.finished = 0 or b.stoptime > {stopped_after:d}{_or_among(unfinished)}"
    return f"(b.jobset_id = {jobset:d} and b.id <= {last_build:d} and ({since}))"


def _or_among(ids: Collection[int]) -> str:
    return f" or b.id in ({', '.join(f'{n:d}' for n in sorted(ids))})" if ids else ""


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


def failed_steps(condition: str) -> str:
    """Steps that ended otherwise than well, of the failed ones of these builds."""
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
        where {condition} and b.finished = 1 and b.buildstatus <> 0 and s.status <> 0
    """


def constituents(condition: str) -> str:
    """Constituents of those of these builds that are aggregates."""
    return f"""
        select a.aggregate, a.constituent
        from aggregateconstituents a
        join builds b on b.id = a.aggregate
        where {condition}
    """
