"""No input of any CI format, however broken, gives a crash, a hang, or a fact from a broken record."""

from dataclasses import replace

import pytest

from pipelines.sources.ci.recognise import ADAPTERS
from pipelines.sources.ci.runs import Adapter, Reading
from tests.property import ci_fuzz, ci_samples

EXAMPLES = 2000
OF_LINES = ("eval_jobs", "fast_build", "generic", "hydra_runcommand", "internal_json", "r_updates")
"""Formats with a record a line. Of the others a record is inside a document, or (`plain_log`) no line is one."""

OF_NIX = ("derivation_show", "path_info", "realisations", "narinfo")
"""Formats that tell of no job."""

by_name = pytest.mark.parametrize("adapter", ADAPTERS, ids=ci_fuzz.module)


def _read(adapter: Adapter, data: bytes) -> Reading:
    told = (
        replace(ci_samples.TOLD, run_id="448") if ci_fuzz.module(adapter) == "r_updates" else ci_samples.TOLD
    )
    reading = ci_fuzz.check(adapter, data, told, ci_fuzz.Tally())
    assert reading is not None
    return reading


def _told(reading: Reading) -> set[tuple[str, str, str]]:
    return {(job["attr"], job["system"], job["status"]) for job in ci_fuzz.jobs(reading)}


@by_name
def test_valid_samples_are_recognised_and_read_whole(adapter: Adapter):
    for sample in ci_samples.samples()[ci_fuzz.module(adapter)]:
        first = next(other for other in ADAPTERS if other.recognises(sample[: 64 * 1024]))
        assert first is adapter
        assert _read(adapter, sample).rejected == ()


@by_name
def test_broken_inputs(adapter: Adapter):
    tally = ci_fuzz.fuzz(adapter, EXAMPLES, derandomize=True)
    assert tally.inputs >= EXAMPLES
    assert len(tally.seen) > 0.75 * EXAMPLES
    # The inputs are worth something: many are read in part, and what is broken is told.
    name = ci_fuzz.module(adapter)
    if name == "drv_file":
        # A derivation is whole or none at all.
        assert tally.things > 0.05 * EXAMPLES
        return
    assert tally.refused < 0.9 * EXAMPLES
    assert tally.jobs + tally.things > 0.2 * EXAMPLES
    assert tally.rejected > (0 if name == "plain_log" else 50)
    assert len(tally.statuses) > 1 or name in ("nix_json", *OF_NIX)


@pytest.mark.parametrize(
    "adapter", [adapter for adapter in ADAPTERS if ci_fuzz.module(adapter) in OF_LINES], ids=ci_fuzz.module
)
def test_a_broken_line_is_counted_and_takes_nothing_with_it(adapter: Adapter):
    """Whichever line is cut in half: it is rejected once, and the jobs of all others stay as they were."""
    sample = ci_samples.samples()[ci_fuzz.module(adapter)][0]
    lines = sample.splitlines(keepends=True)
    whole = _told(_read(adapter, sample))
    header = 1 if ci_fuzz.module(adapter) == "r_updates" else 0
    for at, line in list(enumerate(lines))[header:]:
        data = b"".join([*lines[:at], line[: len(line) // 2] + b"\n", *lines[at + 1 :]])
        reading = _read(adapter, data)
        assert sum(one.rows for one in reading.rejected) == 1, line
        if ci_fuzz.module(adapter) in ("generic", "hydra_runcommand", "r_updates"):
            assert len(whole - _told(reading)) <= 1, line
            assert _told(reading) <= whole, line


@by_name
def test_a_file_that_was_cut_off_never_says_more_than_the_whole_one(adapter: Adapter):
    """Jobs of a part are jobs of the whole, and a part is never complete if a record broke."""
    for sample in ci_samples.samples()[ci_fuzz.module(adapter)]:
        attrs = {job["attr"] for job in ci_fuzz.jobs(_read(adapter, sample))}
        for cut in range(1, 20):
            part = sample[: len(sample) * cut // 20]
            reading = ci_fuzz.check(adapter, part, ci_samples.TOLD, ci_fuzz.Tally())
            found = {job["attr"] for job in ci_fuzz.jobs(reading)} if reading else set()
            assert found <= attrs, part[-100:]
