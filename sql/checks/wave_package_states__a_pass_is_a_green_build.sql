-- A pass rests on a build that succeeded, and only what is red or decided has a root or an entry of the ledger.
select p.wave, p.attr, p.system, p.first_turn
from core.wave_package_states as p
left join core.status_classes as k on p.status = k.status
where (p.state = 'pass' and k.status_class is distinct from 'green')
    or (p.state in ('failing_own', 'failing_dependency') and k.status_class is distinct from 'red')
    or (p.state in ('wont_fix', 'cant_fix')) <> (p.resolution_id is not null)
    or (p.root_build_id is not null and p.red_kind is null)
