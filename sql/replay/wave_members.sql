-- A job that is part of a declared wave on one system, and why.
--
-- Its roots always are. Besides them every job whose build differs from that of the baseline in some evaluation of the
-- wave, that is new since the baseline, or that was in the baseline and is absent from an evaluation that is told in
-- full. Where no baseline is known, every job that an evaluation of the wave names. Exclusions are left out, roots too.
--
-- keep: no
-- grain: wave, series, attr, variant
-- column: wave | Declared wave.
-- column: series | Jobset and system.
-- column: attr | Attribute path of the job, without the system.
-- column: variant | Configuration variant of a custom CI; empty for none.
-- column: basis | `root`, `changed` or `no_baseline`.
with
    excluded as (
        select
            wave,
            '^(' || string_agg(
                replace(replace(regexp_escape(pattern), '\*\*', '.*'), '\*', '[^.]*'), '|' order by pattern
            ) || ')$' as pattern
        from (select wave, unnest(exclusions) as pattern from core.waves)
        group by wave
    ),
    roots as (
        select wave, unnest(roots) as attr from core.waves
    ),
    jobs as (
        select
            r.wave,
            r.series,
            r.attr,
            r.variant,
            bool_or(r.is_reached) as is_changed,
            bool_or(r.coverage = 'full' and r.has_baseline) as is_gone,
            bool_or(r.build_id is not null) as is_named
        from replay.wave_runs as r
        group by r.wave, r.series, r.attr, r.variant
    ),
    based as (
        select distinct wave, series, baseline_basis from core.wave_evaluations
    )
select
    j.wave,
    j.series,
    j.attr,
    j.variant,
    case
        when o.attr is not null then 'root'
        when b.baseline_basis = 'none' then 'no_baseline'
        else 'changed'
    end as basis
from jobs as j
inner join based as b on j.wave = b.wave and j.series = b.series
left join (select distinct wave, attr from roots) as o on j.wave = o.wave and j.attr = o.attr
left join excluded as x on j.wave = x.wave
where (o.attr is not null or (j.is_named and j.is_changed) or j.is_gone)
    and (x.pattern is null or not regexp_matches(j.attr, x.pattern))
order by j.wave, j.series, j.attr, j.variant
