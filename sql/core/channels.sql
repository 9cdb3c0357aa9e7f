-- A channel as a source watched it: since when, how often it advanced, where it points, how long it has stood there.
--
-- "Now" is as_of, the newest row of the source, never the day of reading. A channel that has not moved for more than
-- 90 days before it is called retired. That is a rule of thumb: from 2018 to 2023 no rolling channel stood still for more
-- than 27 days, while old releases moved once more after a longer pause twelve times. A channel that was only ever seen
-- in one place counts from its first sight, so its days are a lower bound.
--
-- grain: source, channel
-- kind: table
-- column: source | Who watched the channel.
-- column: channel | Name of the channel.
-- column: advances | Advances that were detected; first sights and undated revisions are left out.
-- column: undated_revisions | Revisions known by the date of their commit only.
-- column: named_revisions | Revisions whose release name is known.
-- column: first_seen_at | When the source first saw the channel; null where nothing is dated.
-- column: first_advance_at | When it first saw the channel advance; null where it never did.
-- column: last_advance_at | When it last saw the channel advance; null where it never did.
-- column: last_revision | Commit that the channel points to; the newest by commit date where nothing is dated.
-- column: last_release | Release name of that revision; null where unknown.
-- column: last_commit_at | Committer's date of that commit.
-- column: last_commit_age_seconds | Its age when the channel advanced to it, in seconds; null for a first sight.
-- column: as_of | Newest instant of the source: what "now" means here.
-- column: days_since_advance | Days from the newest dated row to as_of; null where nothing is dated.
-- column: is_retired | It has not moved for more than 90 days before as_of; null where nothing is dated.
with
    ranked as (
        select
            source,
            channel,
            revision,
            release,
            commit_at,
            advanced_at,
            is_first_sight,
            commit_age_seconds,
            max(observed_at) over (partition by source) as as_of,
            row_number() over (
                partition by source, channel
                order by advanced_at desc nulls last, commit_at desc nulls last, revision desc, observed_at desc
            ) as place
        from core.channel_advances
    )
select
    source,
    channel,
    count(*) filter (where advanced_at is not null and not is_first_sight) as advances,
    count(*) filter (where advanced_at is null) as undated_revisions,
    count(release) as named_revisions,
    min(advanced_at) as first_seen_at,
    min(advanced_at) filter (where not is_first_sight) as first_advance_at,
    max(advanced_at) filter (where not is_first_sight) as last_advance_at,
    max(revision) filter (where place = 1) as last_revision,
    max(release) filter (where place = 1) as last_release,
    max(commit_at) filter (where place = 1) as last_commit_at,
    max(commit_age_seconds) filter (where place = 1) as last_commit_age_seconds,
    as_of,
    round(date_diff('second', max(advanced_at), as_of) / cast(86400 as double), 6) as days_since_advance,
    date_diff('second', max(advanced_at), as_of) > 90 * 86400 as is_retired
from ranked
group by source, channel, as_of
order by source, channel
