-- How old are commits when a channel advances to them, by year?
select channel, year(advanced_at at time zone 'UTC') as year, count(*) as advances, median(commit_age_seconds) / 86400 as median_days
from core.channel_advances
where commit_age_seconds is not null
group by channel, year
order by channel, year
