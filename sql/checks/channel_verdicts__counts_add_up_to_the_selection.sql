-- With full coverage every job of the selection is green, red, undecided or refused; and a verdict has a reason or is green.
select source, channel, evaluation_id, selected_jobs, green_jobs, red_jobs, neutral_jobs, refused_jobs, verdict, reason
from core.channel_verdicts
where (coverage = 'full' and selected_jobs <> green_jobs + red_jobs + neutral_jobs + refused_jobs)
    or least(selected_jobs, red_jobs, coalesce(green_jobs, 0), coalesce(missing_jobs, 0)) < 0
    or (verdict = 'green') <> (reason is null)
    or (verdict = 'green' and not is_clear)
    or (verdict = 'blocked' and is_clear)
