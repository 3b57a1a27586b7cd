"""Hints for misspelled names."""

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str], otherwise: str | None = None) -> str:
    """Hint for an unknown name, to end an error message: "did you mean 'ETTh1'?".

    Args:
        name: unknown name, in any case.
        known: known names.
        otherwise: hint if no known name is similar; the list of all of them by default.
    """
    by_lower = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.5)
    if close:
        return f"did you mean {by_lower[close[0]]!r}?"
    return otherwise or f"known are {', '.join(by_lower.values())}."
