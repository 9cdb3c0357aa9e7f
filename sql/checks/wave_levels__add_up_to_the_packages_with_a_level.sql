-- The levels of a wave hold every package that has one, and the states of each add up.
select l.wave, l.packages, p.packages as placed
from (
    select
        wave,
        sum(packages) as packages,
        sum(pass + failing_own + failing_dependency + under_way + not_reached + decided_packages + gone_packages) as stated
    from metrics.wave_levels
    group by wave
) as l
full outer join (
    select wave, count(*) as packages from core.wave_packages where level is not null group by wave
) as p on l.wave = p.wave
where l.packages is distinct from p.packages or l.stated is distinct from p.packages
