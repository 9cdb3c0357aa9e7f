-- A channel pointed to a revision: when it was seen there, how long after the advance before, how old the commit was.
--
-- Detection polls, so an advance is dated some minutes late. Revisions from before a source began to watch have no
-- detection: they are here with a commit date only and never take part in a gap or an age.
-- A first sight (the pointer was found there, nobody knows since when) is no advance: it has neither gap nor age, and
-- the advance after it has no gap, since that would be a lower bound. A source's claim of a first sight holds as
-- long as nothing earlier of that channel is dated.
-- Ties of instants are ordered by revision.
--
-- grain: source, channel, revision, observed_at
-- kind: table
-- column: source | Who watched the channel.
-- column: channel | Name of the channel.
-- column: revision | Commit that the channel pointed to, 40 hex digits.
-- column: release | Name of the release; null where the source saw none for this revision.
-- column: commit_at | Committer's date of the commit, which the committer's clock tells.
-- column: observed_at | When the source saw it; the commit's date where it did not see the advance.
-- column: advanced_at | When the advance was detected; null where it was not.
-- column: is_first_sight | The channel was found pointing there: advanced_at is the day of first sight.
-- column: previous_at | When the dated row before it in this channel was detected; null for the first.
-- column: gap_seconds | Seconds since the advance before; null where this or that one is not dated or is a first sight.
-- column: commit_age_seconds | Age of the commit on arrival, in seconds; below zero if a clock was wrong; null for first sights.
with
    dated as (
        select
            source,
            channel,
            revision,
            release,
            commit_at,
            observed_at,
            advanced_at,
            advanced_at is not null
                and is_first_sight
                and advanced_at = min(advanced_at) over (partition by source, channel) as is_first_sight
        from staging.channel_advanced
    ),
    ordered as (
        select
            source,
            channel,
            revision,
            release,
            commit_at,
            observed_at,
            advanced_at,
            is_first_sight,
            lag(advanced_at) over before_it as previous_at,
            lag(is_first_sight) over before_it as is_after_first_sight
        from dated
        window before_it as (
            partition by source, channel, advanced_at is null order by advanced_at, revision, observed_at
        )
    )
select
    source,
    channel,
    revision,
    release,
    commit_at,
    observed_at,
    advanced_at,
    is_first_sight,
    previous_at,
    case
        when not is_first_sight and not is_after_first_sight then date_diff('second', previous_at, advanced_at)
    end as gap_seconds,
    case when not is_first_sight then date_diff('second', commit_at, advanced_at) end as commit_age_seconds
from ordered
order by source, channel, advanced_at nulls first, commit_at, revision, observed_at
