-- A channel: since when it is watched, how often it advanced, where it points, and whether anything blocks it now.
--
-- One row for each channel that somebody watched, and one for each that is declared (core.channel_declarations), whose
-- advances are simulated from what the instance says of its jobsets. Where a source both watched and evaluates a
-- channel, the advances that were seen count.
-- "Now" is as_of, the newest row of the source, never the day of reading. A channel that has not moved for more than
-- 90 days before it is called retired. That is a rule of thumb: from 2018 to 2023 no rolling channel stood still for more
-- than 27 days, while old releases moved once more after a longer pause twelve times. A channel that was only ever seen
-- in one place counts from its first sight, so its days are a lower bound. Simulated advances do not retire a channel.
--
-- grain: source, channel
-- kind: table
-- column: source | Who watched the channel; for a declared one the instance that evaluates it.
-- column: channel | Name of the channel.
-- column: basis | `observed` or `simulated`: how its advances are known; null where there are none.
-- column: is_declared | Whether it is declared.
-- column: title | What it is, for readers; its name where it is not declared.
-- column: kind | `official` or `community`; null where it is not declared.
-- column: status | `rolling`, `stable` and so on; null if not told.
-- column: advances | Advances; first sights and undated revisions are left out.
-- column: undated_revisions | Revisions known by the date of their commit only.
-- column: named_revisions | Revisions whose release name is known.
-- column: first_seen_at | When the source first saw the channel; null where nothing is dated.
-- column: first_advance_at | When it first advanced; null where it never did.
-- column: last_advance_at | When it last advanced; null where it never did.
-- column: last_revision | Commit that the channel points to; the newest by commit date where nothing is dated.
-- column: last_evaluation_id | Evaluation that it points to where advances are simulated.
-- column: last_release | Release name of that revision; null where unknown.
-- column: last_commit_at | Committer's date of that commit.
-- column: last_commit_age_seconds | Its age when the channel advanced to it, in seconds; null for a first sight.
-- column: as_of | Newest instant of the source: what "now" means here; null where nothing of it is known.
-- column: days_since_advance | Days from the newest dated row to as_of; null where nothing is dated.
-- column: is_retired | An observed channel has not moved for more than 90 days before as_of; null where nothing is dated.
-- column: judged_evaluation_id | Newest evaluation that could be judged; null where none could.
-- column: judged_at | Time of that evaluation.
-- column: verdict | Its verdict: `green`, `blocked` or `unknown`.
-- column: reason | Why it is not green, in words.
-- column: stalled_at | Since when the stall lasts that is open now; null if none is.
-- column: evaluations | Judged evaluations.
with
    bases as (
        select source, channel, min(basis) as basis
        from core.channel_advances
        group by source, channel
    ),
    ranked as (
        select
            a.source,
            a.channel,
            a.basis,
            a.evaluation_id,
            a.revision,
            a.release,
            a.commit_at,
            a.advanced_at,
            a.is_first_sight,
            a.commit_age_seconds,
            max(a.observed_at) over (partition by a.source) as as_of,
            row_number() over (
                partition by a.source, a.channel
                order by
                    a.advanced_at desc nulls last,
                    a.commit_at desc nulls last,
                    a.evaluation_id desc nulls last,
                    a.revision desc,
                    a.observed_at desc
            ) as place
        from core.channel_advances as a
        inner join bases as b on a.source = b.source and a.channel = b.channel and a.basis = b.basis
    ),
    moved as (
        select
            source,
            channel,
            basis,
            count(*) filter (where advanced_at is not null and not is_first_sight) as advances,
            count(*) filter (where advanced_at is null) as undated_revisions,
            count(release) as named_revisions,
            min(advanced_at) as first_seen_at,
            min(advanced_at) filter (where not is_first_sight) as first_advance_at,
            max(advanced_at) filter (where not is_first_sight) as last_advance_at,
            max(revision) filter (where place = 1) as last_revision,
            max(evaluation_id) filter (where place = 1) as last_evaluation_id,
            max(release) filter (where place = 1) as last_release,
            max(commit_at) filter (where place = 1) as last_commit_at,
            max(commit_age_seconds) filter (where place = 1) as last_commit_age_seconds,
            max(advanced_at) as newest_at,
            as_of
        from ranked
        group by source, channel, basis, as_of
    ),
    answered as (
        select source, max(last_observed_at) as as_of
        from core.evaluations
        group by source
    ),
    judged as (
        select
            source,
            channel,
            evaluation_id,
            evaluation_at,
            verdict,
            reason,
            count(*) over (partition by source, channel) as evaluations
        from core.channel_verdicts
        qualify row_number() over (partition by source, channel order by turn desc) = 1
    ),
    joined as (
        select
            coalesce(m.source, d.source) as source,
            coalesce(m.channel, d.channel) as channel,
            m.basis,
            d.channel is not null as is_declared,
            coalesce(d.title, m.channel) as title,
            d.kind,
            d.status,
            coalesce(m.advances, 0) as advances,
            coalesce(m.undated_revisions, 0) as undated_revisions,
            coalesce(m.named_revisions, 0) as named_revisions,
            m.first_seen_at,
            m.first_advance_at,
            m.last_advance_at,
            m.last_revision,
            m.last_evaluation_id,
            m.last_release,
            m.last_commit_at,
            m.last_commit_age_seconds,
            m.newest_at,
            m.as_of as moved_as_of
        from moved as m
        full outer join core.channel_declarations as d on m.source = d.source and m.channel = d.channel
    )
select
    j.source,
    j.channel,
    j.basis,
    j.is_declared,
    j.title,
    j.kind,
    j.status,
    j.advances,
    j.undated_revisions,
    j.named_revisions,
    j.first_seen_at,
    j.first_advance_at,
    j.last_advance_at,
    j.last_revision,
    j.last_evaluation_id,
    j.last_release,
    j.last_commit_at,
    j.last_commit_age_seconds,
    case when j.basis = 'observed' then j.moved_as_of else a.as_of end as as_of,
    round(
        date_diff('second', j.newest_at, case when j.basis = 'observed' then j.moved_as_of else a.as_of end)
        / cast(86400 as double),
        6
    ) as days_since_advance,
    case when j.basis = 'observed' then date_diff('second', j.newest_at, j.moved_as_of) > 90 * 86400 end as is_retired,
    v.evaluation_id as judged_evaluation_id,
    v.evaluation_at as judged_at,
    v.verdict,
    v.reason,
    s.stalled_at,
    coalesce(v.evaluations, 0) as evaluations
from joined as j
left join answered as a on j.source = a.source
left join judged as v on j.source = v.source and j.channel = v.channel
left join core.channel_stalls as s on j.source = s.source and j.channel = s.channel and s.is_open
order by j.source, j.channel
