-- A job that evaluated to one derivation over consecutive evaluations of its jobset or package set.
--
-- Evaluations of a jobset count where they are complete, and a job's derivation is that of its build; revisions of a
-- package set count as they were evaluated. Turns number either from 1 in their own order.
--
-- keep: no
-- grain: source, jobset, system, attr, variant, first_turn
-- column: source | Who evaluated.
-- column: jobset | Jobset, or package set.
-- column: system | Nix system.
-- column: attr | Attribute path.
-- column: variant | Configuration variant of a custom CI; empty for none.
-- column: derivation_id64 | First 64 bits of the derivation's hash.
-- column: first_turn | First evaluation of the run.
-- column: last_turn | Last evaluation of the run.
with
    built as (
        select source, build_id, arg_max(derivation_id64, observed_at) as derivation_id64
        from staging.build_observed
        where derivation_id64 is not null
        group by source, build_id
    ),
    turns as (
        select
            p.series,
            p.step,
            count(*) filter (where e.is_complete) over (partition by p.series order by p.step) as turn
        from replay.steps as p
        left join core.evaluation_systems as e on p.series = e.series and p.step = e.step
    ),
    of_jobsets as (
        select
            s.source,
            s.jobset,
            s.system,
            j.attr,
            j.variant,
            b.derivation_id64,
            coalesce(f.turn, 0) + 1 as first_turn,
            l.turn as last_turn
        from replay.job_steps as r
        inner join replay.series as s on r.series = s.series
        inner join replay.jobs as j on r.job = j.job
        inner join built as b on s.source = b.source and r.build_id = b.build_id
        inner join turns as l on r.series = l.series and r.last_step = l.step
        left join turns as f on r.series = f.series and r.first_step - 1 = f.step
    ),
    of_sets as (
        select
            p.source,
            p.package_set as jobset,
            p.system,
            p.attr,
            '' as variant,
            d.derivation_id64,
            dense_rank() over (partition by p.source, p.package_set, p.system order by p.evaluated_at, p.revision) as turn
        from core.package_sets as p
        inner join core.derivations as d on p.derivation_id = d.derivation_id
    ),
    runs as (
        select *
        from of_jobsets
        where first_turn <= last_turn
        union all
        select source, jobset, system, attr, variant, derivation_id64, turn, turn
        from of_sets
    ),
    marked as (
        select
            *,
            case
                when lag(derivation_id64) over w = derivation_id64 and lag(last_turn) over w >= first_turn - 1 then 0
                else 1
            end as is_start
        from runs
        window w as (partition by source, jobset, system, attr, variant order by first_turn, last_turn)
    ),
    grouped as (
        select
            *,
            sum(is_start) over (
                partition by source, jobset, system, attr, variant order by first_turn, last_turn rows unbounded preceding
            ) as run
        from marked
    )
select
    source,
    jobset,
    system,
    attr,
    variant,
    derivation_id64,
    min(first_turn) as first_turn,
    max(last_turn) as last_turn
from grouped
group by source, jobset, system, attr, variant, derivation_id64, run
order by source, jobset, system, attr, variant, first_turn
