"""The errors that people see: each says in one sentence what was seen, where, and what to do."""


class HealthError(Exception):
    """Base of all errors that end a command with one sentence instead of a traceback."""

    exit_code = 1


class CheckFailed(HealthError):
    """A claim about the data does not hold."""

    exit_code = 2


class BadInput(HealthError):
    """A file, an option or a setting cannot be used."""

    exit_code = 3


class Busy(HealthError):
    """Another process holds what is needed; trying later helps."""

    exit_code = 4
