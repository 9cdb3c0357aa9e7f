-- An attribute of a maintainer or team that a channel's selection names; handles are compared without regard to case.
--
-- Who is in no list has one row without an attribute: what is theirs is unknown.
--
-- keep: no
-- grain: source, channel, owner_kind, owner, attr
-- column: source | Instance that evaluates the jobsets.
-- column: channel | Name of the channel.
-- column: owner_kind | `maintainer` or `team`.
-- column: owner | Handle as the channel names it.
-- column: attr | Attribute that a list tells as theirs; null where no list tells any.
with named as (
    select source, channel, 'maintainer' as owner_kind, unnest(maintainers) as owner
    from core.channel_declarations
    union all
    select source, channel, 'team' as owner_kind, unnest(teams) as owner
    from core.channel_declarations
)

select distinct n.source, n.channel, n.owner_kind, n.owner, o.attr
from named as n
left join core.package_owners as o on n.owner_kind = o.owner_kind and lower(n.owner) = lower(o.owner)
