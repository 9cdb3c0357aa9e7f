"""When the job runs by itself. Only Dagster's daemon looks at this; deploy/ has the same as cron and a timer."""

import dagster as dg

EVERY_SIX_HOURS = "0 */6 * * *"


def schedules(job: str) -> list[dg.ScheduleDefinition]:
    """The schedule of the job."""
    return [
        dg.ScheduleDefinition(
            name="every_six_hours", job_name=job, cron_schedule=EVERY_SIX_HOURS, execution_timezone="UTC"
        )
    ]
