-- A channel was seen to point to a revision, once per event.
--
-- An event that was recorded twice counts once: the one with the earliest instant, whatever the order of arrival.
--
-- grain: id
-- kind: view
-- column: id | Identity of the event, derived from the source, the channel and the revision.
-- column: source | Who watched the channel.
-- column: observed_at | When it was seen; the date of the commit where nothing else is known.
-- column: advanced_at | When the advance was detected; null where only the date of the commit is known.
-- column: channel | Name of the channel.
-- column: revision | Commit that the channel pointed to, 40 hex digits.
-- column: commit_at | Committer's date of that commit.
-- column: is_first_sight | The pointer was found there when watching began: the day of first sight, not of an advance.
-- column: release | Name of the release; null where none is known.
select
    id,
    source,
    observed_at,
    occurred_at as advanced_at,
    channel,
    revision,
    commit_at,
    is_first_sight,
    release
from log.channel_advanced
qualify row_number() over (
    partition by id
    order by occurred_at nulls last, observed_at, commit_at nulls last, release nulls last, is_first_sight
) = 1
