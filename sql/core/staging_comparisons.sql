-- How much of what staging-next builds is what trunk builds, at each evaluation of either.
--
-- Whenever one of the two jobsets is evaluated, its list is held against the newest one of the other: of the jobs that are on
-- both, how many have the same derivation. A change below everything (a compiler, the standard environment) leaves hardly any;
-- once the branch is merged, most are the same again. Only evaluations that tell every job are compared, finished or not: what
-- is built is known before it is built. Jobs whose derivation the source does not tell are left out. The partner of
-- `staging-next` is `trunk` or, as it is called since December 2025, `unstable` of the same project, whichever has more
-- evaluations.
--
-- grain: source, jobset, turn
-- column: source | Instance that evaluated and built.
-- column: jobset | The jobset of staging-next, as project/name.
-- column: trunk_jobset | The jobset it is compared with.
-- column: turn | Number of the comparison in order of time, from 1.
-- column: compared_at | Time of the evaluation that gave rise to it.
-- column: is_trunk_turn | Whether that was an evaluation of trunk.
-- column: evaluation_id | Newest evaluation of staging-next.
-- column: trunk_evaluation_id | Newest evaluation of trunk.
-- column: common_jobs | Jobs on both lists with a known derivation in both.
-- column: same_jobs | Of them, jobs with the same derivation.
-- column: is_apart | Whether at most 5 % are the same.
with
    told as (
        select source, jobset, evaluation_id, ordinal, evaluation_at
        from core.evaluations
        where coverage = 'full' and split_part(jobset, '/', 2) in ('staging-next', 'trunk', 'unstable')
    ),
    counts as (
        select source, jobset, count(*) as evaluations
        from told
        group by source, jobset
    ),
    pairs as (
        select s.source, s.jobset, t.jobset as trunk_jobset
        from counts as s
        inner join counts as t
            on s.source = t.source
            and split_part(s.jobset, '/', 1) = split_part(t.jobset, '/', 1)
            and split_part(t.jobset, '/', 2) in ('trunk', 'unstable')
        where split_part(s.jobset, '/', 2) = 'staging-next'
        qualify row_number() over (partition by s.source, s.jobset order by t.evaluations desc, t.jobset) = 1
    ),
    turns as (
        select
            p.source,
            p.jobset,
            p.trunk_jobset,
            t.jobset as of_jobset,
            t.evaluation_id,
            t.evaluation_at as compared_at,
            row_number() over (
                partition by p.source, p.jobset order by t.evaluation_at, t.jobset, t.ordinal
            ) as turn
        from pairs as p
        inner join told as t on p.source = t.source and t.jobset in (p.jobset, p.trunk_jobset)
    ),
    -- The newest list of a jobset is the one of its last evaluation until the next one comes.
    lasting as (
        select
            source,
            jobset,
            of_jobset,
            evaluation_id,
            turn,
            lead(turn) over (partition by source, jobset, of_jobset order by turn) as next_turn
        from turns
    ),
    derivations as (
        select b.source, b.build_id, max(b.drv_path) as drv_path
        from staging.build_observed as b
        inner join (
            select source, jobset from pairs
            union all
            select source, trunk_jobset from pairs
        ) as p
            on b.source = p.source and b.jobset = p.jobset
        where b.drv_path is not null
        group by b.source, b.build_id
    ),
    listed as (
        select
            f.source,
            f.jobset,
            f.of_jobset = f.jobset as is_staging,
            i.attr,
            i.system,
            i.variant,
            d.drv_path,
            f.turn as first_turn,
            coalesce(l.next_turn, 1e9::bigint) as next_turn
        from lasting as f
        inner join core.job_intervals as i
            on f.source = i.source and f.of_jobset = i.jobset and f.evaluation_id = i.first_evaluation_id
        inner join lasting as l
            on f.source = l.source
            and f.jobset = l.jobset
            and f.of_jobset = l.of_jobset
            and i.last_evaluation_id = l.evaluation_id
        inner join derivations as d on i.source = d.source and i.build_id = d.build_id
    ),
    together as (
        select
            s.source,
            s.jobset,
            greatest(s.first_turn, t.first_turn) as first_turn,
            least(s.next_turn, t.next_turn) as next_turn,
            case when s.drv_path = t.drv_path then 1 else 0 end as is_same
        from listed as s
        inner join listed as t
            on s.source = t.source
            and s.jobset = t.jobset
            and s.attr = t.attr
            and s.system = t.system
            and s.variant = t.variant
            and s.first_turn < t.next_turn
            and t.first_turn < s.next_turn
        where s.is_staging and not t.is_staging
    ),
    changes as (
        select source, jobset, first_turn as turn, count(*) as common, sum(is_same) as same
        from together
        group by source, jobset, first_turn
        union all
        select source, jobset, next_turn as turn, -count(*) as common, -sum(is_same) as same
        from together
        group by source, jobset, next_turn
    ),
    summed as (
        select source, jobset, turn, sum(common) as common, sum(same) as same
        from changes
        group by source, jobset, turn
    ),
    counted as (
        select
            t.source,
            t.jobset,
            t.trunk_jobset,
            t.turn,
            t.compared_at,
            t.of_jobset = t.trunk_jobset as is_trunk_turn,
            max(case when t.of_jobset = t.jobset then t.turn end) over w as staging_turn,
            max(case when t.of_jobset = t.trunk_jobset then t.turn end) over w as trunk_turn,
            cast(coalesce(sum(s.common) over w, 0) as bigint) as common_jobs,
            cast(coalesce(sum(s.same) over w, 0) as bigint) as same_jobs
        from turns as t
        left join summed as s on t.source = s.source and t.jobset = s.jobset and t.turn = s.turn
        window w as (partition by t.source, t.jobset order by t.turn rows unbounded preceding)
    )
select
    c.source,
    c.jobset,
    c.trunk_jobset,
    cast(c.turn as integer) as turn,
    c.compared_at,
    c.is_trunk_turn,
    s.evaluation_id,
    t.evaluation_id as trunk_evaluation_id,
    c.common_jobs,
    c.same_jobs,
    c.same_jobs <= 0.05 * c.common_jobs as is_apart
from counted as c
inner join turns as s on c.source = s.source and c.jobset = s.jobset and c.staging_turn = s.turn
inner join turns as t on c.source = t.source and c.jobset = t.jobset and c.trunk_turn = t.turn
where c.common_jobs > 0
order by c.source, c.jobset, c.turn
