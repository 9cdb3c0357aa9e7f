-- Derived rebuilds with the same content as before, by what is blanked before they are compared.
select
    case strength
        when 'self_blanked' then 'own paths blanked'
        when 'hashes_blanked' then 'all hashes blanked'
        when 'names_keyed' then 'names without versions'
        else 'content of references too'
    end as compared_by,
    strength, coalesce(step, 4) as place, step is not null as is_step, compared, evaluations, equal, equal_ratio, equal_ratio_low,
    equal_ratio_high
from metrics.content_ladder
where source = $source and jobset = $jobset
order by place
