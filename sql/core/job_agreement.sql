-- A job of another CI in one of its evaluations, beside the official build farm's result of the same job.
--
-- Official is hydra.nixos.org; custom is every other source that has evaluations. An evaluation is compared with the
-- official one of equal revision (`match` is `exact`), else with the newest complete official one that is not later and
-- at most 7 days older (`nearest`), else with none. Official jobsets that are comparable: the one of the same name, which
-- follows the same branch, else nixpkgs' main one (nixpkgs/trunk, nixpkgs/unstable); of equal revision any, but then what
-- it does not name is unknown.
-- Jobs are the same if attribute and system are; a variant (`cuda`) is compared with the official build without one.
--
-- `official_does_not_build`: a complete official evaluation that tells every job does not name it, or it is refused
-- there (broken, unfree, insecure, platform). What is neutral on one side, or absent from an official list of failures,
-- is `unknown`, since absence from a list is no success. So is every job of a custom evaluation that names derivations
-- and no attributes (Nix logs, `nix build --json`): no official job has such a name.
--
-- A failure that only the custom CI sees: red there, and green or not built officially. Whether a channel advanced over
-- it: with `channel_basis` `revision`, a channel of NixOS points or pointed to the very revision; with `time`,
-- nixos-unstable advanced to a commit dated between this evaluation and the last one in which the failure was seen. The
-- latter is a guess by time, since the order of commits is not known, and it is not made for jobsets of releases (a name
-- like 25.11). Null where it cannot be known: no channel's history goes so far, or the failure is not one of those.
--
-- grain: source, jobset, evaluation_id, attr, system, variant
-- kind: table
-- column: source | The custom CI.
-- column: jobset | Its jobset as project/name.
-- column: evaluation_id | Its own id of the evaluation.
-- column: attr | Attribute path of the job, without the system.
-- column: system | Nix system.
-- column: variant | Configuration variant of the custom CI; empty for none.
-- column: evaluation_at | Time of the custom CI's evaluation.
-- column: status | Status in it, our word.
-- column: status_class | `green`, `red`, `neutral` or `refused`.
-- column: red_kind | `own`, `dependency`, `timed_out`, `eval_error` or `unknown_cause`; null for other classes.
-- column: build_id | The custom CI's own id of the build.
-- column: match | How the official evaluation was found: `exact`, `nearest` or `none`.
-- column: official_jobset | Jobset of the official evaluation; null for none.
-- column: official_evaluation_id | The official evaluation; null for none.
-- column: official_evaluation_at | Its time.
-- column: official_coverage | How much of it is told: `full`, `failures_with_totals` or `failures_only`.
-- column: official_status | Status of the job in it, our word; null where it does not name the job.
-- column: official_build_id | Its build; null where it does not name the job.
-- column: agreement | `both_green`, `both_red`, `only_custom_red`, `only_official_red`, `official_does_not_build`, `unknown`.
-- column: is_unseen_failure | Red in the custom CI, and officially green or not built.
-- column: is_channel_advanced | Of unseen failures: whether a channel of NixOS advanced over it; null where not known.
-- column: channel_basis | How that is known: `revision` or `time`; null where no advance is known.
-- column: channel | The channel that advanced; the first of several.
-- column: channel_advanced_at | When that was detected.
with evaluations as (
    select
        s.source,
        s.jobset,
        s.evaluation_id,
        s.system,
        s.series,
        s.step,
        s.ordinal,
        s.evaluation_at,
        s.coverage,
        s.is_complete,
        s.unit,
        e.revision
    from core.evaluation_systems as s
    inner join core.evaluations as e
        on s.source = e.source and s.jobset = e.jobset and s.evaluation_id = e.evaluation_id
),

customs as (
    select * from evaluations where source <> 'hydra.nixos.org'
),

officials as (
    select *, jobset in ('nixpkgs/trunk', 'nixpkgs/unstable') as is_main
    from evaluations
    where source = 'hydra.nixos.org'
),

candidates as (
    select
        c.series,
        c.step,
        case when c.revision = o.revision then 'exact' else 'nearest' end as match,
        o.series as official_series,
        o.step as official_step,
        o.jobset as official_jobset,
        o.evaluation_id as official_evaluation_id,
        o.evaluation_at as official_evaluation_at,
        o.coverage as official_coverage,
        o.ordinal as official_ordinal,
        o.jobset = c.jobset as is_same_jobset,
        o.is_complete and o.coverage = 'full' and (o.is_main or o.jobset = c.jobset) as is_whole,
        o.is_complete
    from customs as c
    inner join officials as o on c.system = o.system
    where c.revision = o.revision
        or (
            o.is_complete
            and (o.is_main or o.jobset = c.jobset)
            and o.evaluation_at between c.evaluation_at - interval 7 days and c.evaluation_at
        )
),

ranked as (
    select
        *,
        row_number() over (
            partition by series, step
            order by
                match,
                is_same_jobset desc,
                case match when 'nearest' then official_evaluation_at end desc,
                is_whole desc,
                is_complete desc,
                official_evaluation_at desc,
                official_ordinal desc,
                official_jobset
        ) as place
    from candidates
),

matched as (
    select * from ranked where place = 1
),

-- Jobs of the custom CIs, one row per evaluation that names them.
placed as (
    select
        c.source,
        c.jobset,
        c.evaluation_id,
        j.attr,
        c.system,
        j.variant,
        c.evaluation_at,
        c.revision,
        c.unit,
        i.status,
        coalesce(k.status_class, 'neutral') as status_class,
        k.red_kind,
        i.build_id,
        coalesce(m.match, 'none') as match,
        m.official_series,
        m.official_step,
        m.official_jobset,
        m.official_evaluation_id,
        m.official_evaluation_at,
        m.official_coverage,
        coalesce(m.is_whole, false) as is_whole
    from customs as c
    inner join replay.intervals as i on c.series = i.series and c.step between i.first_step and i.last_step
    inner join replay.jobs as j on i.job = j.job
    left join matched as m on c.series = m.series and c.step = m.step
    left join core.status_kinds as k on i.status = k.status and i.cause = k.cause
),

official_jobs as (
    select
        j.series,
        j.attr,
        i.first_step,
        i.last_step,
        i.status,
        i.build_id,
        coalesce(k.status_class, 'neutral') as status_class
    from replay.jobs as j
    inner join replay.intervals as i on j.job = i.job
    left join core.status_kinds as k on i.status = k.status and i.cause = k.cause
    where j.variant = '' and j.series in (select official_series from matched)
),

compared as (
    select
        p.*,
        o.status as official_status,
        o.build_id as official_build_id,
        case
            when p.match = 'none' or p.unit = 'derivation' then 'unknown'
            when o.status_class = 'refused' or (o.status is null and p.is_whole) then 'official_does_not_build'
            when p.status_class = 'green' and o.status_class = 'green' then 'both_green'
            when p.status_class = 'red' and o.status_class = 'red' then 'both_red'
            when p.status_class = 'red' and o.status_class = 'green' then 'only_custom_red'
            when p.status_class = 'green' and o.status_class = 'red' then 'only_official_red'
            else 'unknown'
        end as agreement
    from placed as p
    left join official_jobs as o
        on p.official_series = o.series
        and p.attr = o.attr
        and p.official_step between o.first_step and o.last_step
),

judged as (
    select
        *,
        status_class = 'red' and agreement in ('only_custom_red', 'official_does_not_build') as is_unseen_failure
    from compared
),

advances as (
    select channel, revision, commit_at, advanced_at, is_first_sight
    from core.channel_advances
    where advanced_at is not null
        and basis = 'observed'
        and source not in (select source from customs)
        and regexp_full_match(channel, '(nixos|nixpkgs)-(unstable|[0-9]{2}\.[0-9]{2})(-small|-darwin)?')
),

by_revision as (
    select revision, channel, advanced_at
    from (
        select
            revision,
            channel,
            advanced_at,
            row_number() over (partition by revision order by advanced_at, channel) as place
        from advances
    )
    where place = 1
),

-- The first advance of nixos-unstable to a commit that is not older than an evaluation.
next_commits as (
    select c.source, c.jobset, c.evaluation_id, c.evaluation_at, min(a.commit_at) as commit_at
    from (select distinct source, jobset, evaluation_id, evaluation_at from customs) as c
    inner join advances as a on c.evaluation_at <= a.commit_at
    where a.channel = 'nixos-unstable'
        and not a.is_first_sight
        and not regexp_matches(c.jobset, '[0-9]{2}\.[0-9]{2}')
    group by c.source, c.jobset, c.evaluation_id, c.evaluation_at
),

by_time as (
    select n.source, n.jobset, n.evaluation_id, n.commit_at, min(a.advanced_at) as advanced_at
    from next_commits as n
    inner join advances as a on n.commit_at = a.commit_at
    where a.channel = 'nixos-unstable' and not a.is_first_sight
    group by n.source, n.jobset, n.evaluation_id, n.commit_at
),

seen as (
    select
        j.source,
        j.jobset,
        j.evaluation_id,
        j.attr,
        j.system,
        j.variant,
        max(f.last_red_at) as last_red_at
    from judged as j
    inner join core.failure_episodes as f
        on j.source = f.source
        and j.jobset = f.jobset
        and j.attr = f.attr
        and j.system = f.system
        and j.variant = f.variant
        and j.evaluation_at between f.broken_at and f.last_red_at
    where j.is_unseen_failure
    group by j.source, j.jobset, j.evaluation_id, j.attr, j.system, j.variant
)

select
    j.source,
    j.jobset,
    j.evaluation_id,
    j.attr,
    j.system,
    j.variant,
    j.evaluation_at,
    j.status,
    j.status_class,
    j.red_kind,
    j.build_id,
    j.match,
    j.official_jobset,
    j.official_evaluation_id,
    j.official_evaluation_at,
    j.official_coverage,
    j.official_status,
    j.official_build_id,
    j.agreement,
    j.is_unseen_failure,
    case
        when r.channel is not null or t.commit_at <= s.last_red_at then true
        when t.commit_at > s.last_red_at then false
    end as is_channel_advanced,
    case
        when r.channel is not null then 'revision'
        when t.commit_at <= s.last_red_at then 'time'
    end as channel_basis,
    case
        when r.channel is not null then r.channel
        when t.commit_at <= s.last_red_at then 'nixos-unstable'
    end as channel,
    case
        when r.channel is not null then r.advanced_at
        when t.commit_at <= s.last_red_at then t.advanced_at
    end as channel_advanced_at
from judged as j
left join by_revision as r on j.is_unseen_failure and j.revision = r.revision
left join by_time as t
    on j.is_unseen_failure and j.source = t.source and j.jobset = t.jobset and j.evaluation_id = t.evaluation_id
left join seen as s
    on j.source = s.source
    and j.jobset = s.jobset
    and j.evaluation_id = s.evaluation_id
    and j.attr = s.attr
    and j.system = s.system
    and j.variant = s.variant
order by j.source, j.jobset, j.evaluation_at, j.evaluation_id, j.system, j.attr, j.variant
