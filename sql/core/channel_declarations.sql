-- A channel as it is declared now: what must be green for it to advance.
--
-- The newest version holds, for the whole of the channel's history, whatever the order of arrival; what people declare
-- in their own file goes before what the list of NixOS says. What feeds it is in core.channel_feeds.
--
-- grain: source, channel
-- column: source | Instance that evaluates its jobsets.
-- column: channel | Name of the channel.
-- column: title | What it is, for readers.
-- column: kind | `official` or `community`.
-- column: decided_by | `job`: one job must succeed; `gate`: a verdict that the source reports; `selection`: its jobs.
-- column: declared_by | Who declares it: `channels.toml`, or the list of official channels of NixOS.
-- column: declared_on | Date of the version that holds.
-- column: versions | Versions that were declared so far, of all who declare it.
-- column: status | `rolling`, `stable` and so on, of its last period; null if not told.
-- column: gate | Gate that decides; null if none does.
-- column: attrs | Attributes that the selection names; `*` stands for any letters but a dot, `**` for any.
-- column: excluded | Attributes that are left out, in the same form.
-- column: aggregate | Aggregate whose constituents the selection names; null if none.
-- column: maintainers | Maintainers whose packages the selection names, where a list tells them (core.package_owners).
-- column: teams | Teams whose packages the selection names, where a list tells them.
-- column: is_maintained | Whether it names every job that the source says has a maintainer.
-- column: systems | Systems of the selection; empty: all.
-- column: with_dependencies | Whether it names all that these jobs need as well.
-- column: tolerance | Jobs that may be red all the same.
-- column: minimum_age_seconds | Seconds that an evaluation waits before the channel advances to it.
select
    instance as source,
    channel,
    title,
    kind,
    case when kind = 'official' then 'job' when gate is not null then 'gate' else 'selection' end as decided_by,
    source as declared_by,
    (observed_at at time zone 'UTC')::date as declared_on,
    count(*) over (partition by instance, channel) as versions,
    periods[len(periods)].status as status,
    gate,
    attrs,
    excluded,
    aggregate,
    maintainers,
    teams,
    is_maintained,
    systems,
    with_dependencies,
    tolerance,
    minimum_age_seconds
from staging.channel_declared
qualify row_number() over (
    partition by instance, channel
    order by case when source = 'channels.toml' then 0 else 1 end, observed_at desc, id desc
) = 1
order by source, channel
