-- The advances and gaps of all months of a channel are its advances and gaps.
with
    months as (
        select source, channel, basis, sum(advances) as advances, sum(gaps) as gaps
        from metrics.channel_delay
        where period = 'month'
        group by source, channel, basis
    ),
    facts as (
        select
            source,
            channel,
            basis,
            count(*) filter (where advanced_at is not null and not is_first_sight) as advances,
            count(gap_seconds) as gaps
        from core.channel_advances
        group by source, channel, basis
    )
select facts.source, facts.channel, facts.advances, months.advances as advances_of_months
from facts
full outer join months
    on months.source = facts.source
    and months.channel = facts.channel
    and months.basis = facts.basis
where coalesce(facts.advances, 0) <> coalesce(months.advances, 0)
    or coalesce(facts.gaps, 0) <> coalesce(months.gaps, 0)
