-- Updates are known for every package of a set or for none, and the last one lies in the year before the commit.
select m.source, m.package_set, m.attr, m.updates, m.last_updated_at
from core.package_moves as m
inner join core.package_sets as p
    on m.source = p.source and m.package_set = p.package_set and m.revision = p.revision
    and m.system = p.system and m.attr = p.attr
where (m.updates > 0) is distinct from (m.last_updated_at is not null) and m.updates is not null
    or m.last_updated_at > p.committed_at
    or m.last_updated_at <= p.committed_at - interval 365 days
