-- One version of the declaration of a channel: what feeds it and what must be green for it to advance.
--
-- An id that arrives twice counts once, in its first batch.
--
-- grain: id
-- kind: view
-- column: id | `<who declares>:channel:<instance>:<channel>:<date>`.
-- column: source | Who declares it: `channels.toml`, or the list of official channels of NixOS.
-- column: observed_at | Date of this version, midnight UTC.
-- column: channel | Name of the channel.
-- column: title | What it is, for readers.
-- column: kind | `official` or `community`.
-- column: instance | Source that evaluates its jobsets.
-- column: periods | Jobsets that feed it, with their gating job, status and dates, in the order of time.
-- column: gate | Gate whose verdict the source reports; null if none decides.
-- column: attrs | Attributes that the selection names; `*` stands for any letters but a dot, `**` for any.
-- column: excluded | Attributes that are left out, in the same form.
-- column: aggregate | Aggregate whose constituents the selection names; null if none.
-- column: maintainers | Maintainers whose packages the selection names.
-- column: teams | Teams whose packages the selection names.
-- column: is_maintained | Whether it names every job that the source says has a maintainer.
-- column: systems | Systems of the selection; empty: all.
-- column: with_dependencies | Whether it names all that these jobs need as well.
-- column: tolerance | Jobs that may be red all the same.
-- column: minimum_age_seconds | Seconds that an evaluation waits before the channel advances to it.
-- column: batch | Number of the ingest call that recorded it.
select
    id,
    source,
    observed_at,
    channel,
    title,
    kind,
    instance,
    periods,
    gate,
    attrs,
    excluded,
    aggregate,
    maintainers,
    teams,
    coalesce(is_maintained, false) as is_maintained,
    systems,
    with_dependencies,
    tolerance,
    minimum_age_seconds,
    batch
from log.channel_declared
qualify row_number() over (partition by id order by batch) = 1
