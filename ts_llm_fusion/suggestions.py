"""Hints for misspelled names."""

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str], otherwise: str | None = None) -> str:
    """Hint for an unknown name, to end an error message with: "did you mean 'ETTh1'?".

    Args:
        name: as given; upper and lower case are alike.
        known: the names to choose from.
        otherwise: hint where no known name is close; the list of all of them by default.
    """
    by_lower = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.5)
    if close:
        return f"did you mean {by_lower[close[0]]!r}?"
    return otherwise or f"known are {', '.join(by_lower.values())}."
