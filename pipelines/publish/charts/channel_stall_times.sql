-- Days of each month by what was known of a channel's newest judged evaluation: green, no named failure, undecided, blocked.
with
    spans as (
        select
            case
                when verdict = 'green' then 'green'
                when is_clear then 'no named failure'
                when verdict = 'blocked' then 'blocked'
                else 'undecided'
            end as verdict,
            evaluation_at as begins_at,
            lead(evaluation_at) over (order by turn) as ends_at
        from core.channel_verdicts
        where source = $source and channel = $channel
    ),
    months as (
        select unnest(generate_series(
            date_trunc('month', min(begins_at) at time zone 'UTC'),
            date_trunc('month', max(ends_at) at time zone 'UTC'),
            interval 1 month
        )) as month_at
        from spans
    ),
    parted as (
        select
            months.month_at::date as month_on,
            (months.month_at + interval 1 month)::date as next_month_on,
            spans.verdict,
            case spans.verdict when 'green' then 1 when 'no named failure' then 2 when 'undecided' then 3 else 4 end as verdict_order,
            sum(date_diff(
                'second',
                greatest(spans.begins_at at time zone 'UTC', months.month_at),
                least(spans.ends_at at time zone 'UTC', months.month_at + interval 1 month)
            )) as seconds
        from months
        inner join spans
            on spans.begins_at at time zone 'UTC' < months.month_at + interval 1 month
            and spans.ends_at at time zone 'UTC' > months.month_at
        group by months.month_at, spans.verdict
    )
select
    month_on, next_month_on, verdict, seconds / 86400.0 as days,
    coalesce(sum(seconds) over w, 0) / 86400.0 as bar_from,
    (coalesce(sum(seconds) over w, 0) + seconds) / 86400.0 as bar_to
from parted
window w as (partition by month_on order by verdict_order rows between unbounded preceding and 1 preceding)
order by month_on, verdict_order
