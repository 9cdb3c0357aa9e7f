-- A channel pointed to a revision: when it was seen there, how long after the advance before, how old the commit was.
--
-- Detection polls, so an advance is dated some minutes late. Revisions from before a source began to watch have no
-- detection: they are here with a commit date only and never take part in a gap or an age.
-- A first sight (the pointer was found there, nobody knows since when) is no advance: it has neither gap nor age, and
-- the advance after it has no gap, since that would be a lower bound. A source's claim of a first sight holds as
-- long as nothing earlier of that channel is dated.
-- Ties of instants are ordered by revision.
-- Two bases: `observed`, an advance that somebody saw; and `simulated`, the advance that a declared channel would have
-- made to a green evaluation (core.channel_verdicts), at the evaluation's own time plus the channel's minimum age, as
-- if it had been built at once: a lower bound. The first judged evaluation of a channel, if it is green, is a first
-- sight. An evaluation of the same commit as the one before is no advance. Nothing is simulated beyond as_of.
--
-- grain: source, channel, basis, revision, observed_at, evaluation_id
-- kind: table
-- column: source | Who watched the channel; the instance that evaluated it where the advance is simulated.
-- column: channel | Name of the channel.
-- column: basis | `observed` or `simulated`.
-- column: evaluation_id | Evaluation that it is simulated from; null where observed.
-- column: revision | Commit that the channel pointed to, 40 hex digits; null where the evaluation does not tell it.
-- column: release | Name of the release; null where the source saw none for this revision.
-- column: commit_at | Committer's date of the commit, which the committer's clock tells.
-- column: observed_at | When the source saw it; the commit's date where it did not see the advance.
-- column: advanced_at | When the advance was detected; null where it was not.
-- column: is_first_sight | The channel was found pointing there: advanced_at is the day of first sight.
-- column: previous_at | When the dated row before it in this channel was detected; null for the first.
-- column: gap_seconds | Seconds since the advance before; null where this or that one is not dated or is a first sight.
-- column: commit_age_seconds | Age of the commit on arrival, in seconds; below zero if a clock was wrong; null for first sights.
with
    newest_answers as (
        select source, max(last_observed_at) as as_of
        from core.evaluations
        group by source
    ),
    ripe as (
        select
            v.source,
            v.channel,
            v.evaluation_id,
            v.ordinal,
            v.revision,
            v.turn = 1 as is_first_sight,
            v.evaluation_at + to_seconds(d.minimum_age_seconds) as advanced_at
        from core.channel_verdicts as v
        inner join core.channel_declarations as d on v.source = d.source and v.channel = d.channel
        inner join newest_answers as n on v.source = n.source
        where v.verdict = 'green' and v.evaluation_at + to_seconds(d.minimum_age_seconds) <= n.as_of
    ),
    simulated as (
        select *
        from ripe
        qualify revision is null
            or revision is distinct from lag(revision) over (
                partition by source, channel order by ordinal, evaluation_id
            )
    ),
    dated as (
        select
            source,
            channel,
            'simulated' as basis,
            evaluation_id,
            ordinal,
            revision,
            cast(null as varchar) as release,
            cast(null as timestamptz) as commit_at,
            advanced_at as observed_at,
            advanced_at,
            is_first_sight
        from simulated
        union all
        select
            source,
            channel,
            'observed' as basis,
            cast(null as varchar) as evaluation_id,
            cast(null as bigint) as ordinal,
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
            basis,
            evaluation_id,
            ordinal,
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
            partition by source, channel, basis, advanced_at is null
            order by advanced_at, ordinal, revision, observed_at, evaluation_id
        )
    )
select
    source,
    channel,
    basis,
    evaluation_id,
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
order by source, channel, basis, advanced_at nulls first, ordinal, commit_at, revision, observed_at, evaluation_id
