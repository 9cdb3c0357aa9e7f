-- How long today's failures have lasted, per system and kind: jobs in classes of age.
with
    aged as (
        select
            system, as_of_at, case when has_own_failure then 'own failure' else 'dependency failure' end as kind,
            case
                when failing_days < 1 then 1 when failing_days < 7 then 2 when failing_days < 30 then 3
                when failing_days < 90 then 4 when failing_days < 365 then 5 else 6
            end as age_order
        from metrics.failing_now
        where source = $source and jobset = $jobset
    )
select
    system, age_order,
    case age_order
        when 1 then 'under a day' when 2 then 'a day to a week' when 3 then 'a week to a month' when 4 then '1 to 3 months'
        when 5 then '3 months to a year' else 'a year or more'
    end as age,
    kind, count(*) as jobs, max(as_of_at) as as_of_at
from aged
group by system, age_order, age, kind
order by
    case system when 'x86_64-linux' then 1 when 'aarch64-linux' then 2 when 'x86_64-darwin' then 3 when 'aarch64-darwin' then 4 else 5 end, system, age_order, kind desc
