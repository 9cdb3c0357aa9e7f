-- An attribute that the globs of a channel's selection name or leave out, in one of its jobsets.
--
-- The select gives the globs and the attributes that there are; `pipelines.replay.selections` compares them.
--
-- python: pipelines.replay.selections:named
-- keep: no
-- grain: source, channel, attr
-- column: source | Instance that evaluates the jobsets.
-- column: channel | Name of the channel.
-- column: attr | Attribute path, without the system.
-- column: is_excluded | Whether the selection leaves it out, whatever else names it.
-- column: is_exact | Whether the selection writes it out, without any star.
select d.source, d.channel, 'named' as word, unnest(d.attrs) as text
from core.channel_declarations as d
union all
select d.source, d.channel, 'excluded' as word, unnest(d.excluded) as text
from core.channel_declarations as d
union all
select distinct d.source, d.channel, 'attr' as word, j.attr as text
from core.channel_declarations as d
inner join core.channel_feeds as f on d.source = f.source and d.channel = f.channel
inner join replay.series as s on f.source = s.source and f.jobset = s.jobset
inner join replay.jobs as j on s.series = j.series
where len(d.attrs) + len(d.excluded) > 0
order by 1, 2, 3, 4
