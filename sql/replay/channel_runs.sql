-- A run of a job that counts for a channel's verdict, each job once however many roles it has.
--
-- What counts as `decisive`: the gating job of an official channel, else what the selection names and the constituents
-- of its aggregate. What counts as `blocking`: the same, but for an official channel the constituents of its job, since
-- these say why it is red; where none is red or known, the job itself stands for them.
--
-- keep: no
-- grain: source, channel, part, job, first_step
-- column: source | Instance that evaluates the jobsets.
-- column: channel | Name of the channel.
-- column: part | `decisive` or `blocking`.
-- column: series | Jobset and system.
-- column: job | Number of the job.
-- column: is_exact | Whether the selection writes its attribute out.
-- column: build_id | Build that the job had.
-- column: status_class | `green`, `red`, `neutral` or `refused`.
-- column: red_kind | Kind of red; null for others.
-- column: first_step | First evaluation of the run within the series.
-- column: last_step | Last evaluation of the run within the series.
with members as (
    select m.*, d.decided_by
    from replay.channel_members as m
    inner join core.channel_declarations as d on m.source = d.source and m.channel = d.channel
),

chosen as (
    select *, 'decisive' as part
    from members
    where (decided_by = 'job' and role = 'job') or (decided_by <> 'job' and role in ('named', 'constituent'))
    union all
    select *, 'blocking' as part
    from members
    where (decided_by = 'job' and role = 'constituent')
        or (decided_by <> 'job' and role in ('named', 'constituent'))
)

select c.source, c.channel, c.part, c.series, c.job, c.is_exact, c.build_id, c.status_class, c.red_kind, c.first_step, c.last_step
from chosen as c
where c.role <> 'constituent'
    or not exists (
        select 1
        from chosen as o
        where c.source = o.source
            and c.channel = o.channel
            and c.part = o.part
            and c.job = o.job
            and o.role = 'named'
    )
