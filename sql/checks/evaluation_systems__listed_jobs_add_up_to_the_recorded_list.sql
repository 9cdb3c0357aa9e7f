-- The jobs listed on the systems of an answer are as many as the source listed in it.
with
    counted as (
        select p.observation, count(*) as systems, sum(s.listed_jobs) as listed_jobs
        from replay.steps as p
        inner join core.evaluation_systems as s on p.series = s.series and p.step = s.step
        group by p.observation
    )
select o.id, o.listed_rows, c.listed_jobs
from counted as c
inner join replay.observations as o on c.observation = o.observation
-- Only answers that stand for every system that they cover: another may be told by a later answer.
where c.systems = len(o.systems) and c.listed_jobs <> o.listed_rows
