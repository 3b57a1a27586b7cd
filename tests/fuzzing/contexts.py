"""Texts about series: what is found in them, without a model."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from ts_llm_fusion import ForecastFeatureExtractor

from .harness import Family

WORDS = ["sales", "will", "fall", "rise", "to", "by", "double", "no", "not", "from", "until", "every", "on", "in",
    "the", "next", "last", "between",
         "and", "week", "weeks", "days", "month", "Monday", "Fridays", "Christmas", "March", "Q3", "2024",
         "tomorrow", "today", "noon", "9:00", "half",
         "at most", "at least", "zero", "closed", "of", "for", "step", "steps", "hour", "quarter", "year", "weekend",
         "Easter", "first", "2nd", "end"]  # fmt: skip
PIECES = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(WORDS),
    st.integers().map(str),
    st.integers(0, 40).map(str),
    st.floats(-1e4, 1e4, width=32).map(str),
    st.dates().map(str),
    st.sampled_from(["%", "10 %", "1e400", "9" * 400, "2024-02-30", "31/02/2024", "0", "00:00", "24:00", "25:61",
        "-", "--", "1,000.5", "1.000,5", "٣",
                     "½", "x", "5x", "²", "$5", "5€", "\n", "\n\n- ", ". ", ", ", "; ", "(", ")", "[", "<b>",
                     "&nbsp;", "&#0;", "\0", "\ud800", "\u202e",
                     "the day after the day after", "in 99999999999 days", "for 0 steps", "from 5 to 2", "year 0",
                     "year 99999", "31 June", "Feb 29",
                     "week 53", "week 60", "'''", "```", "\\", "{", "}", "{0}", "%s", "1/0", "__import__('os')"]),
    st.text(max_size=6),
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=25).map(" ".join)
AXES = st.tuples(
    st.sampled_from(["h", "D", "W", "MS", "QS", "YS", "min", "B", "s", None]), st.integers(1, 60), st.integers(1, 30)
)


def check_context(case: tuple[str, tuple[str | None, int, int]], folder: Path) -> None:
    text, (step, rows, horizon) = case
    stamps = None if step is None else pd.date_range("2024-01-31", periods=rows + horizon, freq=step)
    history = 50 + np.arange(rows, dtype=np.float64) % 7
    found = ForecastFeatureExtractor.prepare_context(text, history, horizon, stamps)
    size = rows + horizon
    assert found["shares"].shape[1] == size
    assert np.isfinite(found["shares"]).all() and (found["shares"] >= 0).all() and (found["shares"] <= 1).all()
    assert np.isfinite(found["number_value"]).all()
    for name in ("clause_span", "window_span"):
        spans = found[name]
        assert (spans[:, 0] <= spans[:, 1]).all() and (spans >= 0).all() and (spans <= len(found["text"])).all()
    clauses = len(found["clause_span"])
    assert (found["number_clause"] < clauses).all() and (found["window_clause"] < clauses).all()
    for part in (part for kind in found["grounding"].values() for part in kind):
        assert found["text"][part["start"] : part["stop"]] == part["text"]
    for window in found["grounding"]["windows"]:
        assert window["runs"] or window["reason"]
        assert all(-rows <= first < last <= horizon for first, last in window["runs"])


def wild() -> Any:
    return st.tuples(TEXTS, AXES)


FAMILIES = [Family("context texts", wild(), check_context, 0.11)]
