-- Suspects are told of entries of single jobs, ranked without gaps, the graph before earlier failures.
select s.source, s.jobset, s.entry, r.kind, s.places, s.suspects
from (
    select
        source,
        jobset,
        entry,
        max(place) as places,
        count(*) as suspects,
        bool_and((evidence = 'graph') = (distance is not null)) as has_distances,
        max(case when evidence = 'graph' then place else 0 end) as last_of_graph,
        count(*) filter (where evidence = 'graph') as graph_suspects
    from core.regression_suspects
    group by source, jobset, entry
) as s
left join (select distinct source, jobset, entry, kind from core.regression_jobs) as r
    on s.source = r.source and s.jobset = r.jobset and s.entry = r.entry
where r.kind is distinct from 'job'
    or s.places <> s.suspects
    or not s.has_distances
    or s.last_of_graph <> s.graph_suspects
