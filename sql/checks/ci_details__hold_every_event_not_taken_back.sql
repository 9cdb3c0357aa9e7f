-- Every event that told details is there, unless it was taken back.
select s.source, s.event_id
from staging.ci_detail_observed as s
left join core.ci_details as d on s.source = d.source and s.event_id = d.event_id
where (d.event_id is null) <> (s.id in (select observation_id from staging.observation_retracted))
