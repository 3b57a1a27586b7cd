"""Errors for input that its user has to change."""

import traceback

# Code that is copied beside checkpoints and endpoints cannot import UserError; its own ValueErrors count as such.
_TRAVELING = ("ts_llm_fusion.modeling.", "ts_llm_fusion.processing.", "ts_llm_fusion.data.series.time_axis")


class UserError(ValueError):
    """Input that has to be changed; the message is one line: what was given, what is allowed, and what to do.

    The command line prints it and exits with 2; any other exception is a fault of the package and shows its traceback.
    """


class NothingToForecastError(UserError):
    """A table of which no series can be forecast; of a part of a table, others may have some."""


class RunStopped(Exception):
    """A run that a signal has stopped, with a checkpoint to go on from; the command line says so and exits with 0."""


def refuses_input(error: Exception) -> bool:
    """Whether an error refuses input: a `UserError`, or a ValueError that the code of checkpoints raises itself."""
    if isinstance(error, UserError):
        return True
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return isinstance(error, ValueError) and str(frame.f_globals.get("__name__")).startswith(_TRAVELING)
