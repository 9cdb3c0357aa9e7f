-- A job of a channel's selection that kept one build in one status over a run of evaluations of its series.
--
-- Roles: `job`, the official channel's gating job; `constituent`, a build on which that job or the selection's aggregate
-- waits; `named`, a job that the selection names by its attribute, by who looks after it, or since it is maintained;
-- `needed`, for selections with everything they need, a job because of which one of them is red, or an attribute in the
-- closure of one of them in the derivation graph of the very commit. A job may have several roles.
--
-- grain: source, channel, role, job, first_step
-- column: source | Instance that evaluates the jobsets.
-- column: channel | Name of the channel.
-- column: role | `job`, `constituent`, `named` or `needed`.
-- column: series | Jobset and system.
-- column: job | Number of the job.
-- column: is_exact | Whether the selection writes its attribute out.
-- column: build_id | Build that the job had.
-- column: status_class | `green`, `red`, `neutral` or `refused`.
-- column: red_kind | Kind of red as in core.job_intervals; null for others.
-- column: first_step | First evaluation of the run within the series.
-- column: last_step | Last evaluation of the run within the series.
with recursive fed as (
    select
        d.source,
        d.channel,
        d.with_dependencies,
        d.is_maintained,
        coalesce(f.job, d.aggregate) as job,
        d.decided_by,
        s.series,
        s.jobset,
        len(d.systems) = 0 or list_contains(d.systems, s.system) as is_selected
    from core.channel_declarations as d
    inner join core.channel_feeds as f on d.source = f.source and d.channel = f.channel
    inner join replay.series as s on f.source = s.source and f.jobset = s.jobset
),

needed_series as (
    select distinct series from fed
),

intervals as (
    select
        i.job,
        i.series,
        i.build_id,
        coalesce(k.status_class, 'neutral') as status_class,
        k.red_kind,
        i.first_step,
        i.last_step
    from replay.intervals as i
    inner join needed_series as n on i.series = n.series
    left join core.status_kinds as k on i.status = k.status and i.cause = k.cause
),

attrs as (
    select source, channel, attr, is_exact
    from replay.channel_attrs
    where not is_excluded
    union all
    select o.source, o.channel, o.attr, false as is_exact
    from replay.channel_owners as o
    left join replay.channel_attrs as x
        on o.source = x.source and o.channel = x.channel and o.attr = x.attr and x.is_excluded
    where o.attr is not null and x.attr is null
),

by_attr as (
    select f.source, f.channel, j.job, bool_or(a.is_exact) as is_exact
    from fed as f
    inner join attrs as a on f.source = a.source and f.channel = a.channel
    inner join replay.jobs as j on f.series = j.series and a.attr = j.attr
    where f.is_selected
    group by f.source, f.channel, j.job
),

excluded as (
    select f.source, f.channel, j.job
    from fed as f
    inner join replay.channel_attrs as a on f.source = a.source and f.channel = a.channel and a.is_excluded
    inner join replay.jobs as j on f.series = j.series and a.attr = j.attr
),

maintained_builds as (
    select distinct source, build_id
    from staging.build_observed
    where is_maintained and source in (select source from fed where is_maintained)
),

named as (
    select b.source, b.channel, b.is_exact, i.*
    from by_attr as b
    inner join intervals as i on b.job = i.job
    union all
    select f.source, f.channel, false as is_exact, i.*
    from fed as f
    inner join intervals as i on f.series = i.series
    inner join maintained_builds as m on f.source = m.source and i.build_id = m.build_id
    left join by_attr as b on f.source = b.source and f.channel = b.channel and i.job = b.job
    left join excluded as x on f.source = x.source and f.channel = x.channel and i.job = x.job
    where f.is_maintained and f.is_selected and b.job is null and x.job is null
),

aggregates as (
    select f.source, f.channel, f.decided_by, f.jobset, i.*
    from fed as f
    inner join replay.jobs as j on f.series = j.series and f.job = j.attr
    inner join intervals as i on j.job = i.job
),

-- The evaluations of an aggregate's build, and those of its constituents that lie among them.
spans as (
    select
        a.source,
        a.channel,
        a.decided_by,
        a.jobset,
        a.build_id,
        min(p.evaluation) as first_evaluation,
        max(p.evaluation) as last_evaluation
    from aggregates as a
    inner join replay.steps as p on a.series = p.series and p.step in (a.first_step, a.last_step)
    group by a.source, a.channel, a.decided_by, a.jobset, a.build_id, a.job, a.first_step
),

waited_for as (
    select
        n.source,
        n.channel,
        i.job,
        i.series,
        i.build_id,
        i.status_class,
        i.red_kind,
        min(p.step) as first_step,
        max(p.step) as last_step
    from spans as n
    inner join core.aggregate_constituents as c
        on n.source = c.source and n.build_id = c.aggregate_build_id
    inner join intervals as i on c.constituent_build_id = i.build_id
    inner join fed as f
        on n.source = f.source and n.channel = f.channel and n.jobset = f.jobset and i.series = f.series
    inner join replay.steps as p
        on i.series = p.series
        and p.step between i.first_step and i.last_step
        and p.evaluation between n.first_evaluation and n.last_evaluation
    left join excluded as x on n.source = x.source and n.channel = x.channel and i.job = x.job
    where n.decided_by = 'job' or (f.is_selected and x.job is null)
    group by n.source, n.channel, i.job, i.series, i.build_id, i.status_class, i.red_kind, i.first_step,
        n.first_evaluation
),

-- Builds that are no constituent but because of which a job of the selection is red.
roots as (
    select distinct f.source, f.channel, f.series, r.root_build_id
    from fed as f
    inner join (
        select source, channel, build_id from named where status_class = 'red'
        union
        select source, channel, build_id from waited_for where status_class = 'red'
    ) as m on f.source = m.source and f.channel = m.channel
    inner join replay.root_builds as r on m.source = r.source and m.build_id = r.build_id
    where f.with_dependencies
),

-- What the selection is at evaluations whose commit a recorded package set is of, by derivation.
selected as (
    select source, channel, series, job, first_step, last_step from named
    union
    select source, channel, series, job, first_step, last_step from waited_for
),

set_revisions as (
    select distinct revision from core.package_sets
),

graphed as (
    select f.source, f.channel, f.series, s.system, p.step, e.revision
    from fed as f
    inner join replay.series as s on f.series = s.series
    inner join replay.steps as p on f.series = p.series
    inner join replay.evaluations as e on p.evaluation = e.evaluation
    inner join set_revisions as r on e.revision = r.revision
    where f.with_dependencies
),

closure as (
    select distinct g.source, g.channel, g.revision, p.derivation_id
    from graphed as g
    inner join selected as c
        on g.source = c.source
        and g.channel = c.channel
        and g.series = c.series
        and g.step between c.first_step and c.last_step
    inner join replay.jobs as j on c.job = j.job
    inner join core.package_sets as p on g.revision = p.revision and g.system = p.system and j.attr = p.attr
    union
    select c.source, c.channel, c.revision, i.input_id as derivation_id
    from closure as c
    inner join core.derivation_inputs as i on c.derivation_id = i.derivation_id
),

from_graph as (
    select
        g.source,
        g.channel,
        i.series,
        i.job,
        i.build_id,
        i.status_class,
        i.red_kind,
        min(g.step) as first_step,
        max(g.step) as last_step
    from closure as c
    inner join graphed as g on c.source = g.source and c.channel = g.channel and c.revision = g.revision
    inner join core.package_sets as p
        on c.revision = p.revision and c.derivation_id = p.derivation_id and g.system = p.system
    inner join replay.jobs as j on g.series = j.series and p.attr = j.attr
    inner join intervals as i on j.job = i.job and g.step between i.first_step and i.last_step
    group by g.source, g.channel, i.series, i.job, i.build_id, i.status_class, i.red_kind, i.first_step
),

from_roots as (
    select r.source, r.channel, i.series, i.job, i.build_id, i.status_class, i.red_kind, i.first_step, i.last_step
    from roots as r
    inner join intervals as i on r.series = i.series and r.root_build_id = i.build_id
),

needed as (
    select a.source, a.channel, a.series, a.job, a.build_id, a.status_class, a.red_kind, a.first_step, a.last_step
    from (
        select * from from_roots
        union all
        select g.*
        from from_graph as g
        left join from_roots as r
            on g.source = r.source and g.channel = r.channel and g.job = r.job and g.build_id = r.build_id
        where r.job is null
    ) as a
    left join (select distinct source, channel, job from selected) as n
        on a.source = n.source and a.channel = n.channel and a.job = n.job
    where n.job is null
)

select source, channel, 'named' as role, series, job, is_exact, build_id, status_class, red_kind, first_step, last_step
from named
union all
select source, channel, 'job' as role, series, job, true as is_exact, build_id, status_class, red_kind, first_step, last_step
from aggregates
where decided_by = 'job'
union all
select distinct
    source,
    channel,
    'constituent' as role,
    series,
    job,
    true as is_exact,
    build_id,
    status_class,
    red_kind,
    first_step,
    last_step
from waited_for
union all
select source, channel, 'needed' as role, series, job, false as is_exact, build_id, status_class, red_kind, first_step, last_step
from needed
order by source, channel, role, job, first_step
