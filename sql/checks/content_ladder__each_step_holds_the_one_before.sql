-- What is equal with less blanked is equal with more, and no more is equal than was compared.
select source, jobset, strength, equal, compared
from (
    select
        source,
        jobset,
        strength,
        step,
        equal,
        compared,
        lag(equal) over (partition by source, jobset order by step nulls last) as equal_before
    from metrics.content_ladder
)
where equal > compared or (step > 1 and equal < equal_before)
