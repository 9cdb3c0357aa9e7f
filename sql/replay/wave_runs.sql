-- A job of a wave that kept one build in one status over a run of the wave's evaluations, or was absent over one.
--
-- Every job that a jobset of the wave names in the time of the wave or in the baseline, in the first of its jobsets that
-- does. The runs of a job cover every evaluation of the wave once. Absence is split where the coverage changes.
--
-- keep: no
-- grain: wave, series, attr, variant, first_turn
-- column: wave | Declared wave.
-- column: series | Jobset and system.
-- column: attr | Attribute path of the job, without the system.
-- column: variant | Configuration variant of a custom CI; empty for none.
-- column: first_turn | First evaluation of the run, as `turn` in core.wave_evaluations.
-- column: last_turn | Last evaluation of the run.
-- column: coverage | Coverage of the evaluations of an absence; null for a build.
-- column: build_id | Build that the job had; null where it was absent.
-- column: status | Status of the build.
-- column: cause | `own`, `dependency` or `unknown`.
-- column: recipe | Derivation of the build, else the build itself where none is told; null where it was absent.
-- column: is_reached | Whether the build differs from that of the baseline, by derivation where both are known.
-- column: has_baseline | Whether the job was in the baseline.
-- column: is_first_seen | For an absence: whether the job was never named before, in the wave or in the baseline.
with
    waves as (
        select
            wave,
            source,
            series,
            system,
            min(place) as place,
            max(turns) as turns,
            max(baseline_step) as baseline_step,
            max(baseline_basis) as baseline_basis
        from core.wave_evaluations
        group by wave, source, series, system
    ),
    -- Every evaluation of the series, with the number of the wave's evaluations up to it.
    counted as (
        select
            w.wave,
            p.series,
            p.step,
            count(e.turn) over (partition by w.wave, p.series order by p.step rows unbounded preceding) as turns_through,
            case when e.turn is null then 0 else 1 end as is_told
        from waves as w
        inner join replay.steps as p on w.series = p.series
        left join core.wave_evaluations as e on w.wave = e.wave and p.series = e.series and p.step = e.step
    ),
    placed as (
        select
            w.wave,
            w.series,
            w.source,
            w.system,
            w.place,
            w.turns,
            w.baseline_basis,
            j.attr,
            j.variant,
            i.build_id,
            i.status,
            i.cause,
            f.turns_through + 1 - f.is_told as first_turn,
            l.turns_through as last_turn,
            coalesce(w.baseline_step between i.first_step and i.last_step, false) as is_baseline
        from waves as w
        inner join replay.intervals as i on w.series = i.series
        inner join replay.jobs as j on i.job = j.job
        inner join counted as f on w.wave = f.wave and i.series = f.series and i.first_step = f.step
        inner join counted as l on w.wave = l.wave and i.series = l.series and i.last_step = l.step
    ),
    -- The jobset that counts: the first that names the job.
    mine as (
        select *
        from (
            select
                *,
                min(place) over (partition by wave, system, attr, variant) as first_place
            from placed
            where first_turn <= last_turn or is_baseline
        )
        where place = first_place
    ),
    builds as (
        select b.source, b.build_id, max(b.derivation_id64) as derivation, max(b.drv_path) as drv_path
        from staging.build_observed as b
        where b.source in (select source from waves)
        group by b.source, b.build_id
        having max(b.derivation_id64) is not null or max(b.drv_path) is not null
    ),
    baselines as (
        select m.wave, m.series, m.attr, m.variant, m.build_id, b.derivation, b.drv_path
        from mine as m
        left join builds as b on m.source = b.source and m.build_id = b.build_id
        where m.is_baseline
    ),
    seen as (
        select
            m.wave,
            m.series,
            m.attr,
            m.variant,
            m.first_turn,
            m.last_turn,
            m.turns,
            m.build_id,
            m.status,
            m.cause,
            coalesce(b.drv_path, cast(b.derivation as varchar), m.build_id) as recipe,
            l.build_id is not null as has_baseline,
            case
                when l.build_id is null or l.build_id = m.build_id then l.build_id is null
                when l.drv_path is not null and b.drv_path is not null then l.drv_path <> b.drv_path
                when l.derivation is not null and b.derivation is not null then l.derivation <> b.derivation
                else true
            end as is_reached
        from mine as m
        left join builds as b on m.source = b.source and m.build_id = b.build_id
        left join baselines as l
            on m.wave = l.wave and m.series = l.series and m.attr = l.attr and m.variant = l.variant
        where m.first_turn <= m.last_turn
    ),
    jobs as (
        select m.wave, m.series, m.attr, m.variant, max(m.turns) as turns, bool_or(m.is_baseline) as has_baseline
        from mine as m
        group by m.wave, m.series, m.attr, m.variant
    ),
    -- Where a job is absent: before its first run, between two, after its last, or throughout.
    ends as (
        select wave, series, attr, variant, 0 as last_turn, has_baseline as was_seen
        from jobs
        union all
        select wave, series, attr, variant, last_turn, true as was_seen
        from seen
    ),
    absences as (
        select
            d.wave,
            d.series,
            d.attr,
            d.variant,
            d.last_turn + 1 as first_turn,
            coalesce(
                lead(d.next_first) over (partition by d.wave, d.series, d.attr, d.variant order by d.last_turn) - 1,
                d.turns
            ) as last_turn,
            d.has_baseline,
            not d.was_seen as is_first_seen
        from (
            select e.*, j.turns, j.has_baseline, coalesce(s.first_turn, 0) as next_first
            from ends as e
            inner join jobs as j
                on e.wave = j.wave and e.series = j.series and e.attr = j.attr and e.variant = j.variant
            left join seen as s
                on e.wave = s.wave
                and e.series = s.series
                and e.attr = s.attr
                and e.variant = s.variant
                and e.last_turn = s.last_turn
        ) as d
    ),
    coverages as (
        select wave, series, coverage, min(turn) as first_turn, max(turn) as last_turn
        from (
            select
                wave,
                series,
                coverage,
                turn,
                turn - row_number() over (partition by wave, series, coverage order by turn) as run
            from core.wave_evaluations
        )
        group by wave, series, coverage, run
    )
select
    wave,
    series,
    attr,
    variant,
    first_turn,
    last_turn,
    cast(null as varchar) as coverage,
    build_id,
    status,
    cause,
    recipe,
    is_reached,
    has_baseline,
    false as is_first_seen
from seen
union all
select
    a.wave,
    a.series,
    a.attr,
    a.variant,
    greatest(a.first_turn, c.first_turn) as first_turn,
    least(a.last_turn, c.last_turn) as last_turn,
    c.coverage,
    null as build_id,
    null as status,
    null as cause,
    null as recipe,
    false as is_reached,
    a.has_baseline,
    a.is_first_seen
from absences as a
inner join coverages as c
    on a.wave = c.wave and a.series = c.series and a.first_turn <= c.last_turn and c.first_turn <= a.last_turn
where a.first_turn <= a.last_turn
order by wave, series, attr, variant, first_turn
