"""Aalen-Johansen, walked by hand: what the estimates of SQL and of the bootstrap are compared with."""

from collections import Counter

OUTCOMES: tuple[str, ...] = ("fixed", "cleared", "removed", "marked_broken")


def by_hand(episodes: list[tuple[int, str]]) -> dict[int, tuple[float, ...]]:
    """At each duration with an end, the share ended with each outcome so far; `open` is censored."""
    present = Counter(episodes)
    at_risk, survival, shares = len(episodes), 1.0, dict.fromkeys(OUTCOMES, 0.0)
    found = {}
    for seconds in sorted({seconds for seconds, _ in present}):
        ends = {outcome: present[seconds, outcome] for outcome in OUTCOMES}
        for outcome, count in ends.items():
            shares[outcome] += survival * count / at_risk
        survival *= 1 - sum(ends.values()) / at_risk
        at_risk -= sum(ends.values()) + present[seconds, "open"]
        if any(ends.values()):
            found[seconds] = tuple(shares.values())
    return found
