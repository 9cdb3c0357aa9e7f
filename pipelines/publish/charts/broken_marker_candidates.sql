-- Candidates for a broken marker by how long their own build has failed, per jobset.
with
    aged as (
        select
            jobset, system, failing_days,
            case when failing_days < 180 then 1 when failing_days < 365 then 2 when failing_days < 730 then 3 else 4 end as age_order
        from metrics.broken_marker_candidates
    )
select
    jobset, system, age_order,
    case age_order when 1 then '3 to 6 months' when 2 then '6 to 12 months' when 3 then '1 to 2 years' else '2 years or more' end as age,
    count(*) as jobs, max(failing_days) as longest_days
from aged
group by jobset, system, age_order, age
order by jobset, case system when 'x86_64-linux' then 1 when 'aarch64-linux' then 2 when 'x86_64-darwin' then 3 when 'aarch64-darwin' then 4 else 5 end, system, age_order
