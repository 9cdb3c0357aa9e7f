-- Every job agrees in one way, and of every unseen failure it is known, or known to be unknown, whether a channel advanced.
select *
from metrics.unseen_by_official
where jobs <> compared_jobs + official_does_not_build_jobs + unknown_jobs
    or compared_jobs <> both_green_jobs + both_red_jobs + only_custom_red_jobs + only_official_red_jobs
    or unseen_failing_jobs not between only_custom_red_jobs and only_custom_red_jobs + official_does_not_build_jobs
    or unseen_failing_jobs <> advanced_over_jobs + not_advanced_over_jobs + channel_unknown_jobs
    or advanced_by_revision_jobs > advanced_over_jobs
    or red_unnamed_jobs > unknown_jobs
