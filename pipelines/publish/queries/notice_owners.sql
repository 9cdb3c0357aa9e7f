-- Who looks after which attribute, whatever list tells it.
select distinct owner_kind, owner, attr
from core.package_owners
order by owner_kind, owner, attr
