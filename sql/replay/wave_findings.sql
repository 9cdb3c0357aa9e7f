-- What an evaluation shows of a package of a declared wave, over a run of evaluations that nothing cuts.
--
-- Runs are those of `replay.wave_runs`; those that a decision, a marker or a wait cuts are one row an evaluation. Where
-- only some jobs are named, the last thing that was said of the job stands again.
--
-- keep: no
-- grain: wave, series, attr, variant, turn
-- column: wave | Declared wave.
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: series | Jobset and system.
-- column: attr | Attribute path of the job, without the system.
-- column: system | Nix system.
-- column: variant | Configuration variant of a custom CI; empty for none.
-- column: turn | First evaluation, as in core.wave_evaluations.
-- column: until_turn | Last evaluation.
-- column: decision | Entry of the ledger that holds; null where none does.
-- column: resolution | What it decides: `wont-fix`, `cant-fix` or `open`.
-- column: finding | `pass`, `marked`, `refused_broken`, `gone`, `refused`, `dependency`, `red`, `waiting`, `unfinished`, `no_verdict`, `baseline`, `not_there` or `untold`.
-- column: build_id | Build that the job has; null where it is absent.
-- column: status | Status of that build.
-- column: red_kind | Kind of red; null where it is not red.
-- column: root_build_id | Build in which the failure happened; null where it is not told.
-- column: root_attr | Job of that build; null where it is not told.
-- column: root_system | System of that build; null where it is not told.
with
    members as (
        select m.wave, m.series, m.attr, m.variant, s.source, s.jobset, s.system
        from replay.wave_members as m
        inner join replay.series as s on m.series = s.series
    ),
    spans as (
        select
            m.source,
            m.jobset,
            m.system,
            r.*,
            k.status_class,
            k.red_kind
        from replay.wave_runs as r
        inner join members as m
            on r.wave = m.wave and r.series = m.series and r.attr = m.attr and r.variant = m.variant
        left join core.status_kinds as k on r.status = k.status and r.cause = k.cause
    ),
    -- Decisions by evaluation: the newest of its day or before; the newest evaluation stands for all after it.
    entries as (
        select
            m.wave,
            m.series,
            m.attr,
            m.variant,
            e.turn,
            d.id,
            d.resolution
        from staging.wave_package_resolved as d
        inner join core.waves as w on d.wave = w.wave or d.wave = w.major
        inner join members as m
            on w.wave = m.wave and d.attr = m.attr and (d.system is null or d.system = m.system)
        inner join core.wave_evaluations as e
            on m.wave = e.wave and m.series = e.series and (d.decided_at <= e.evaluation_at or e.turn = e.turns)
        qualify row_number() over (
            partition by m.wave, m.series, m.attr, m.variant, e.turn
            order by d.decided_at desc, d.system nulls last, d.wave = w.wave desc, d.id desc
        ) = 1
    ),
    -- Markers by evaluation, for jobs that are absent.
    marks as (
        select s.wave, s.series, s.attr, s.variant, e.turn
        from spans as s
        inner join core.wave_evaluations as e
            on s.wave = e.wave and s.series = e.series and e.turn between s.first_turn and s.last_turn
        inner join core.package_markers as p
            on s.attr = p.attr
            and p.marker = 'broken'
            and p.marked_on >= (coalesce(e.baseline_at, e.evaluation_at) at time zone 'UTC')::date
            and p.marked_on <= (e.evaluation_at at time zone 'UTC')::date
            and (p.unmarked_on is null or p.unmarked_on > (e.evaluation_at at time zone 'UTC')::date)
            and (p.systems = '' or list_contains(string_split(p.systems, ' '), s.system))
        where s.coverage = 'full'
        group by s.wave, s.series, s.attr, s.variant, e.turn
    ),
    touched as (
        select distinct wave, series, attr, variant from entries
        union
        select distinct wave, series, attr, variant from marks
        union
        select distinct wave, series, attr, variant from replay.wave_waits
    ),
    -- Only what a decision or a marker cuts is looked at evaluation by evaluation.
    pieces as (
        select s.*, s.first_turn as turn, s.last_turn as until_turn
        from spans as s
        left join touched as t
            on s.wave = t.wave and s.series = t.series and s.attr = t.attr and s.variant = t.variant
        where t.attr is null
        union all
        select s.*, e.turn, e.turn as until_turn
        from spans as s
        inner join touched as t
            on s.wave = t.wave and s.series = t.series and s.attr = t.attr and s.variant = t.variant
        inner join core.wave_evaluations as e
            on s.wave = e.wave and s.series = e.series and e.turn between s.first_turn and s.last_turn
    ),
    judged as (
        select
            p.wave,
            p.source,
            p.jobset,
            p.series,
            p.attr,
            p.system,
            p.variant,
            p.turn,
            p.until_turn,
            p.build_id,
            p.status,
            p.red_kind,
            r.root_build_id,
            r.root_attr,
            r.root_system,
            d.id as decision,
            d.resolution,
            case
                when p.build_id is null and p.coverage = 'named' then 'before'
                when p.build_id is null and p.coverage <> 'full' then 'untold'
                when p.build_id is null and p.is_first_seen then 'not_there'
                when p.build_id is null and k.attr is not null then 'marked'
                when p.build_id is null then 'gone'
                when not p.is_reached then 'baseline'
                when p.status_class = 'green' then 'pass'
                when p.status = 'broken-marked' then 'refused_broken'
                when p.status_class = 'refused' or p.status = 'unsupported' then 'refused'
                when p.red_kind = 'dependency' or (p.status_class = 'red' and r.root_build_id <> p.build_id) then 'dependency'
                when p.status_class = 'red' then 'red'
                when p.status = 'queued' and a.attr is not null then 'waiting'
                when p.status in ('queued', 'running') then 'unfinished'
                else 'no_verdict'
            end as finding
        from pieces as p
        left join replay.root_builds as r on p.source = r.source and p.build_id = r.build_id
        left join entries as d
            on p.wave = d.wave
            and p.series = d.series
            and p.attr = d.attr
            and p.variant = d.variant
            and p.turn = d.turn
        left join replay.wave_waits as a
            on p.wave = a.wave
            and p.series = a.series
            and p.attr = a.attr
            and p.variant = a.variant
            and p.turn = a.turn
        left join marks as k
            on p.wave = k.wave
            and p.series = k.series
            and p.attr = k.attr
            and p.variant = k.variant
            and p.turn = k.turn
    ),
    -- Where only some jobs are named, the last thing that was said of this one lasts.
    lasting as (
        select
            *,
            max(case when finding <> 'before' then turn end) over (
                partition by wave, series, attr, variant order by turn rows unbounded preceding
            ) as said_turn
        from judged
    )
select
    l.wave,
    l.source,
    l.jobset,
    l.series,
    l.attr,
    l.system,
    l.variant,
    l.turn,
    l.until_turn,
    l.decision,
    l.resolution,
    coalesce(b.finding, 'untold') as finding,
    b.build_id,
    b.status,
    b.red_kind,
    b.root_build_id,
    b.root_attr,
    b.root_system
from lasting as l
left join judged as b
    on l.wave = b.wave
    and l.series = b.series
    and l.attr = b.attr
    and l.variant = b.variant
    and l.said_turn = b.turn
order by l.wave, l.series, l.attr, l.variant, l.turn
