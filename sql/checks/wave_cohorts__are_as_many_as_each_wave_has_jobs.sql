-- The cohort of a wave has as many failures as the wave has jobs, and as many that have not ended.
with cohorts as (
    select
        source,
        jobset,
        wave,
        count(*) as jobs,
        count(*) filter (where outcome = 'open') as still_failing_jobs
    from core.wave_cohorts
    group by source, jobset, wave
)
select w.source, w.jobset, w.wave, w.jobs, c.jobs as cohort_jobs
from core.found_waves as w
left join cohorts as c on w.source = c.source and w.jobset = c.jobset and w.wave = c.wave
where w.jobs <> coalesce(c.jobs, 0) or w.still_failing_jobs <> coalesce(c.still_failing_jobs, 0)
