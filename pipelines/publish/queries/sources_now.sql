-- Every source: its newest answer, how far that is behind the newest of all, gaps and rejected inputs. Configured
-- jobsets that never answered are there too. Lags are between answers; the wall clock is in no page. Sources of
-- derivations and package sets alone have no time of an answer here.
with answers as (
    select source, jobset, max(last_observed_at) as last_at from core.evaluations group by source, jobset
    union all
    select source, '' as jobset, max(observed_at) as last_at from core.channel_advances where basis = 'observed' group by source
    union all
    select source, '' as jobset, max(greatest(marked_at, unmarked_on::timestamptz)) as last_at from core.package_markers group by source
),

missing as (
    select
        source,
        coalesce(jobset, '') as jobset,
        count(*) filter (where kind <> 'input_rejected') as gaps,
        coalesce(sum(missing_rows) filter (where kind = 'input_rejected'), 0)::bigint as rejected_inputs
    from core.gaps
    where not is_superseded
    group by source, coalesce(jobset, '')
),

configured as (
    select unnest($sources::varchar[]) as source, unnest($jobsets::varchar[]) as jobset
),

places as (
    select source, jobset from answers
    union
    select source, jobset from missing
    union
    select source, jobset from configured
    union
    select distinct source, '' as jobset from core.derivation_sources
    union
    select distinct source, '' as jobset from core.package_sets
)

select
    p.source,
    case when p.jobset <> '' then p.jobset when max(a.last_at) is not null then 'channels, markers' else 'no one jobset' end as about,
    max(a.last_at) as last_at,
    date_diff('second', max(a.last_at), (select max(n.last_at) from answers as n)) / 86400.0 as lag_days,
    coalesce(max(m.gaps), 0) as gaps,
    coalesce(max(m.rejected_inputs), 0) as rejected_inputs,
    case when c.source is null then 'a history or a file' when max(a.last_at) is null then 'configured, never heard' else 'configured' end as told_by
from places as p
left join answers as a on p.source = a.source and p.jobset = a.jobset
left join missing as m on p.source = m.source and p.jobset = m.jobset
left join configured as c on p.source = c.source and p.jobset = c.jobset
group by p.source, p.jobset, c.source
order by p.source, p.jobset
