-- What is held back adds up to all packages that fail because of another build.
select b.wave, b.held, p.failing
from (select wave, sum(held_packages) as held from metrics.wave_blockers group by wave) as b
full outer join (
    select wave, count(*) as failing from core.wave_packages where state = 'failing_dependency' group by wave
) as p on b.wave = p.wave
where coalesce(b.held, 0) <> coalesce(p.failing, 0)
