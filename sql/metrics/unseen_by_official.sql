-- An evaluation of another CI on one system: how its jobs agree with the official build farm, and what only it sees fail.
--
-- Counts of core.job_agreement. Evaluations that are compared at equal revision (`exact`), with one up to 7 days older
-- (`nearest`) and with none (`none`) are never in one row; do not add them up. Nearest ones differ by changes of nixpkgs
-- as well as by the CI. Whether a channel advanced over an unseen failure is known or unknown, never assumed; `by time`
-- is a guess (see core.job_agreement).
--
-- grain: source, jobset, evaluation_id, system, match
-- column: source | The custom CI.
-- column: jobset | Its jobset as project/name.
-- column: evaluation_id | Its own id of the evaluation.
-- column: system | Nix system.
-- column: match | How the official evaluation was found: `exact`, `nearest` or `none`.
-- column: evaluation_at | Time of the custom CI's evaluation.
-- column: official_jobset | Jobset of the official evaluation; null for none.
-- column: official_evaluation_id | The official evaluation; null for none.
-- column: official_evaluation_at | Its time; null for none.
-- column: official_coverage | How much of it is told; from a list of failures no success can be known. Null for none.
-- column: jobs | Jobs that the custom CI names.
-- column: compared_jobs | Of those, green or red on both sides.
-- column: both_green_jobs | Green on both sides.
-- column: both_red_jobs | Red on both sides.
-- column: only_custom_red_jobs | Red in the custom CI, green officially.
-- column: only_official_red_jobs | Green in the custom CI, red officially.
-- column: official_does_not_build_jobs | Not in the official evaluation, or refused there.
-- column: unknown_jobs | Neutral on one side, or what the official side says is not known.
-- column: red_unnamed_jobs | Of the unknown, red in the custom CI and not named by an official list of failures: perhaps unseen.
-- column: unseen_failing_jobs | Red in the custom CI, and officially green or not built.
-- column: unseen_own_jobs | Of those, failed by themselves.
-- column: advanced_over_jobs | Of the unseen, those over which a channel of NixOS advanced.
-- column: advanced_by_revision_jobs | Of those, by equal revision; the others by time.
-- column: not_advanced_over_jobs | Of the unseen, those over which none did before the failure was last seen.
-- column: channel_unknown_jobs | Of the unseen, those of which that is not known.
-- column: definition_version | Version of this definition.
select
    source,
    jobset,
    evaluation_id,
    system,
    match,
    evaluation_at,
    official_jobset,
    official_evaluation_id,
    official_evaluation_at,
    official_coverage,
    count(*) as jobs,
    count(*) filter (
        where agreement in ('both_green', 'both_red', 'only_custom_red', 'only_official_red')
    ) as compared_jobs,
    count(*) filter (where agreement = 'both_green') as both_green_jobs,
    count(*) filter (where agreement = 'both_red') as both_red_jobs,
    count(*) filter (where agreement = 'only_custom_red') as only_custom_red_jobs,
    count(*) filter (where agreement = 'only_official_red') as only_official_red_jobs,
    count(*) filter (where agreement = 'official_does_not_build') as official_does_not_build_jobs,
    count(*) filter (where agreement = 'unknown') as unknown_jobs,
    count(*) filter (
        where agreement = 'unknown' and status_class = 'red' and match <> 'none' and official_status is null
    ) as red_unnamed_jobs,
    count(*) filter (where is_unseen_failure) as unseen_failing_jobs,
    count(*) filter (where is_unseen_failure and red_kind = 'own') as unseen_own_jobs,
    count(*) filter (where is_channel_advanced) as advanced_over_jobs,
    count(*) filter (where is_channel_advanced and channel_basis = 'revision') as advanced_by_revision_jobs,
    count(*) filter (where is_unseen_failure and not is_channel_advanced) as not_advanced_over_jobs,
    count(*) filter (where is_unseen_failure and is_channel_advanced is null) as channel_unknown_jobs,
    1 as definition_version
from core.job_agreement
group by
    source,
    jobset,
    evaluation_id,
    system,
    match,
    evaluation_at,
    official_jobset,
    official_evaluation_id,
    official_evaluation_at,
    official_coverage
order by source, jobset, evaluation_at, evaluation_id, system, match
