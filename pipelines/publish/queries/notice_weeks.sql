-- Notices a week of a jobset, before folding and after each step: medians of whole weeks, and all weeks together.
select
    source, jobset,
    count(*) as weeks,
    min(week_on) as first_week_on,
    max(week_on) as last_week_on,
    median(failures) as failures,
    median(failures - untold_root_failures) as told_root_failures,
    median(root_failures) as root_failures,
    median(root_jobs) as root_jobs,
    median(entries) as entries,
    median(notices) as notices,
    sum(failures)::bigint as all_failures,
    sum(untold_root_failures)::bigint as all_untold,
    sum(notices)::bigint as all_notices
from metrics.notice_volume
where is_whole
group by source, jobset
order by source, jobset
