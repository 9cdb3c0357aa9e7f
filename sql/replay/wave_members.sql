-- A job that is part of a declared wave on one system, and why.
--
-- Its roots always are. Besides them, where a graph is known, every job that needs one of them there; a job that the
-- graph does not hold is judged as without one. Without a graph, every job whose build differs from that of the baseline
-- in some evaluation of the wave, that is new since the baseline, or that was in the baseline and is absent from an
-- evaluation that is told in full. Where no baseline is known either, every job that an evaluation of the wave names.
-- Exclusions are left out, roots too.
--
-- keep: no
-- grain: wave, series, attr, variant
-- column: wave | Declared wave.
-- column: series | Jobset and system.
-- column: attr | Attribute path of the job, without the system.
-- column: variant | Configuration variant of a custom CI; empty for none.
-- column: basis | `root`, `graph`, `changed` or `no_baseline`.
-- column: level | Level in the graph; null where it is not known.
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
            bool_or(r.coverage = 'full' and r.has_baseline) as is_gone
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
        when g.attr is not null then 'graph'
        when b.baseline_basis = 'none' then 'no_baseline'
        else 'changed'
    end as basis,
    g.level
from jobs as j
inner join based as b on j.wave = b.wave and j.series = b.series
left join (select distinct wave, attr from roots) as o on j.wave = o.wave and j.attr = o.attr
left join excluded as x on j.wave = x.wave
left join replay.wave_graph as g on j.wave = g.wave and j.series = g.series and j.attr = g.attr
where (o.attr is not null or case when g.attr is not null then g.is_needing else j.is_changed or j.is_gone end)
    and (x.pattern is null or not regexp_matches(j.attr, x.pattern))
order by j.wave, j.series, j.attr, j.variant
