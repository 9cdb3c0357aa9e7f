-- The state of a package of a wave on one system over a run of the wave's evaluations; exactly one at any time.
--
-- The first that applies, by what the evaluation says of the job:
-- `pass`: its build succeeded, and it is a build of the wave (it differs from the baseline's).
-- `marked_broken`: refused as broken, or absent after a marker that is dated from the baseline on.
-- `removed`: absent from an evaluation that is told in full although it was there before, or refused for another reason
-- (platform, licence, insecure) or unsupported.
-- `wont_fix`, `cant_fix`: so decided in the ledger. A decision holds from its day on, the newest of a package counts, and
-- `open` takes it back; the newest evaluation stands for all that was decided after it. Facts of a CI come first: a
-- package that passes is a pass whatever the ledger says, before the decision or after it.
-- `failing_dependency`: red because another build failed; root_attr says which, where the source does.
-- `failing_own`: red otherwise; red_kind says whether by itself, by time-out, in evaluation, or for an unknown cause.
-- `awaiting_inputs`: queued while a build of the wave that it needs is not green, where the graph is known.
-- `building`: running or queued otherwise. Without a graph what only waits for its inputs is here as well.
-- `not_reached`: none of these: its build is still that of the baseline, it is not there yet, its build ended without
-- a verdict, or the source does not tell (is_untold: a list of failures names no job that is green).
-- Where only some jobs are named, absence says nothing and the state before lasts on.
-- Evidence says what the state rests on. Runs join evaluations of the wave on one jobset and system, so that an
-- evaluation that tells nothing (core.wave_evaluations) neither begins nor ends one.
--
-- grain: wave, source, jobset, attr, system, variant, first_turn
-- column: wave | Declared wave.
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: attr | Attribute path of the job, without the system.
-- column: system | Nix system.
-- column: variant | Configuration variant of a custom CI; empty for none.
-- column: first_turn | First evaluation of the run, as `turn` in core.wave_evaluations.
-- column: last_turn | Last evaluation of the run.
-- column: first_evaluation_id | First evaluation of the run.
-- column: last_evaluation_id | Last evaluation of the run.
-- column: from_at | Time of the first evaluation.
-- column: until_at | Time of the evaluation after the run; null where the run lasts.
-- column: is_current | Whether the run lasts to the newest evaluation.
-- column: state | One of the ten states above.
-- column: is_open | Whether the wave waits for it: neither pass nor decided nor gone.
-- column: is_untold | Whether it is `not_reached` only because the source does not tell.
-- column: evidence | `build`, `baseline_build`, `absent`, `marker`, `ledger`, `no_verdict`, `not_told`.
-- column: build_id | Build that the job has in the evaluation; null where it is absent.
-- column: status | Status of that build.
-- column: red_kind | `own`, `dependency`, `timed_out`, `eval_error` or `unknown_cause`; null where it is not red.
-- column: root_build_id | Build in which the failure happened; null where it is not told.
-- column: root_attr | Job of that build; null where it is not told.
-- column: root_system | System of that build; null where it is not told.
-- column: resolution_id | Entry of the ledger; null where none decides.
with
    stated as (
        select
            *,
            case
                when finding = 'pass' then 'pass'
                when finding in ('marked', 'refused_broken') then 'marked_broken'
                when finding in ('gone', 'refused') then 'removed'
                when resolution = 'wont-fix' then 'wont_fix'
                when resolution = 'cant-fix' then 'cant_fix'
                when finding = 'dependency' then 'failing_dependency'
                when finding = 'red' then 'failing_own'
                when finding = 'waiting' then 'awaiting_inputs'
                when finding = 'unfinished' then 'building'
                else 'not_reached'
            end as state
        from replay.wave_findings
    ),
    shown as (
        select
            wave,
            source,
            jobset,
            series,
            attr,
            system,
            variant,
            turn,
            until_turn,
            state,
            state = 'not_reached' and finding = 'untold' as is_untold,
            case
                when state in ('wont_fix', 'cant_fix') then 'ledger'
                when finding = 'marked' then 'marker'
                when finding in ('gone', 'not_there') then 'absent'
                when finding = 'baseline' then 'baseline_build'
                when finding = 'untold' then 'not_told'
                when finding = 'no_verdict' then 'no_verdict'
                else 'build'
            end as evidence,
            build_id,
            status,
            red_kind,
            case when red_kind is not null then root_build_id end as root_build_id,
            case when red_kind is not null then root_attr end as root_attr,
            case when red_kind is not null then root_system end as root_system,
            case when state in ('wont_fix', 'cant_fix') then decision end as resolution_id
        from stated
    ),
    marked as (
        select
            *,
            case
                when until_at_turn = turn - 1
                    and state = lag(state) over w
                    and evidence = lag(evidence) over w
                    and build_id is not distinct from lag(build_id) over w
                    and status is not distinct from lag(status) over w
                    and red_kind is not distinct from lag(red_kind) over w
                    and resolution_id is not distinct from lag(resolution_id) over w then 0
                else 1
            end as is_start
        from (
            select
                *,
                lag(until_turn) over (partition by wave, series, attr, variant order by turn) as until_at_turn
            from shown
        )
        window w as (partition by wave, series, attr, variant order by turn)
    ),
    numbered as (
        select
            *,
            sum(is_start) over (
                partition by wave, series, attr, variant order by turn rows unbounded preceding
            ) as run
        from marked
    ),
    folded as (
        select
            wave,
            source,
            jobset,
            series,
            attr,
            system,
            variant,
            min(turn) as first_turn,
            max(until_turn) as last_turn,
            state,
            bool_or(is_untold) as is_untold,
            evidence,
            build_id,
            status,
            red_kind,
            max(root_build_id) as root_build_id,
            max(root_attr) as root_attr,
            max(root_system) as root_system,
            resolution_id
        from numbered
        group by
            wave, source, jobset, series, attr, system, variant, run, state, evidence, build_id, status, red_kind,
            resolution_id
    )
select
    f.wave,
    f.source,
    f.jobset,
    f.attr,
    f.system,
    f.variant,
    f.first_turn,
    f.last_turn,
    b.evaluation_id as first_evaluation_id,
    e.evaluation_id as last_evaluation_id,
    b.evaluation_at as from_at,
    e.next_at as until_at,
    f.last_turn = e.turns as is_current,
    f.state,
    f.state in ('not_reached', 'awaiting_inputs', 'building', 'failing_own', 'failing_dependency') as is_open,
    f.is_untold,
    f.evidence,
    f.build_id,
    f.status,
    f.red_kind,
    f.root_build_id,
    f.root_attr,
    f.root_system,
    f.resolution_id
from folded as f
inner join core.wave_evaluations as b on f.wave = b.wave and f.series = b.series and f.first_turn = b.turn
inner join core.wave_evaluations as e on f.wave = e.wave and f.series = e.series and f.last_turn = e.turn
order by f.wave, f.source, f.jobset, f.attr, f.system, f.variant, f.first_turn
