-- A time in which a channel could not advance because something was blocked: since when, until when.
--
-- A maximal run of evaluations that are not clear, from the first blocked one to the next clear one: green, or, where
-- the source names failures only, not blocked by a named failure. Undecided evaluations in between are bridged. The
-- days of a stall are those from its first evaluation to the one that ended it: with that first evaluation green, the
-- channel would have advanced then. A stall that has not ended counts to the channel's newest judged evaluation.
--
-- grain: source, channel, stall_evaluation_id
-- column: source | Instance that evaluates the jobsets.
-- column: channel | Name of the channel.
-- column: stall_evaluation_id | First blocked evaluation.
-- column: jobset | Jobset of that evaluation.
-- column: stalled_at | Time of that evaluation.
-- column: stalled_revision | Commit of that evaluation; null if not told.
-- column: last_clear_evaluation_id | Newest clear evaluation before it; null if there is none.
-- column: last_clear_at | Time of that one.
-- column: last_clear_revision | Its commit; null if not told.
-- column: ended_evaluation_id | First clear evaluation after it; null while it lasts.
-- column: ended_at | Time of that one; null while it lasts.
-- column: observed_until_at | Newest judged evaluation of the channel: to where an open stall counts.
-- column: is_open | Whether it lasts.
-- column: is_left_censored | Whether nothing clear was seen before it, so that it may be longer.
-- column: stall_seconds | Seconds from stalled_at to ended_at, or to observed_until_at while it lasts.
-- column: evaluations | Judged evaluations in it.
-- column: blocked_evaluations | Of them, blocked.
-- column: unknown_evaluations | Of them, undecided.
-- column: first_turn | Place of its first evaluation among the channel's.
-- column: last_turn | Place of its last evaluation among the channel's.
with ordered as (
    select
        v.*,
        sum(case when v.is_clear then 1 else 0 end) over w as clears,
        max(v.evaluation_at) over (partition by v.source, v.channel) as observed_until_at
    from core.channel_verdicts as v
    window w as (partition by v.source, v.channel order by v.turn rows unbounded preceding)
),

spans as (
    select
        source,
        channel,
        clears,
        min(turn) filter (where verdict = 'blocked') as first_turn,
        max(turn) as last_turn,
        min(observed_until_at) as observed_until_at
    from ordered
    where not is_clear
    group by source, channel, clears
    having bool_or(verdict = 'blocked')
),

counted as (
    select
        s.source,
        s.channel,
        s.clears,
        s.first_turn,
        s.last_turn,
        s.observed_until_at,
        count(*) as evaluations,
        count(*) filter (where o.verdict = 'blocked') as blocked_evaluations
    from spans as s
    inner join ordered as o
        on s.source = o.source and s.channel = o.channel and o.turn between s.first_turn and s.last_turn
    group by s.source, s.channel, s.clears, s.first_turn, s.last_turn, s.observed_until_at
)

select
    c.source,
    c.channel,
    b.evaluation_id as stall_evaluation_id,
    b.jobset,
    b.evaluation_at as stalled_at,
    b.revision as stalled_revision,
    p.evaluation_id as last_clear_evaluation_id,
    p.evaluation_at as last_clear_at,
    p.revision as last_clear_revision,
    n.evaluation_id as ended_evaluation_id,
    n.evaluation_at as ended_at,
    c.observed_until_at,
    n.evaluation_id is null as is_open,
    p.evaluation_id is null as is_left_censored,
    date_diff('second', b.evaluation_at, coalesce(n.evaluation_at, c.observed_until_at)) as stall_seconds,
    c.evaluations,
    c.blocked_evaluations,
    c.evaluations - c.blocked_evaluations as unknown_evaluations,
    c.first_turn,
    c.last_turn
from counted as c
inner join ordered as b on c.source = b.source and c.channel = b.channel and c.first_turn = b.turn
left join ordered as n on c.source = n.source and c.channel = n.channel and c.last_turn + 1 = n.turn
left join ordered as p
    on c.source = p.source and c.channel = p.channel and p.is_clear and p.clears = c.clears
order by c.source, c.channel, c.first_turn
