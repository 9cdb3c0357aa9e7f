-- How much of each recorded graph has roles, the largest first.
select
    c.source, c.system, c.derivations as recorded_derivations, c.testing, c.testing_without_check_inputs, c.edges, c.with_role_ratio, c.check_only,
    c.test_tools_by_name, c.source in (select source from core.sources where is_invented) as is_invented
from metrics.role_coverage as c
where c.edges > 0
order by is_invented, c.edges desc, c.source, c.system
