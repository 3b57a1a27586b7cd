"""Texts about the series of a panel as inputs of a model."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from transformers import PreTrainedModel
from transformers.utils import logging

from .data.series.panels import Panel
from .errors import UserError
from .modeling.modeling_text_encoder import load_text_encoder
from .modeling.modeling_tsfusion_context import ContextEffect
from .processing.context_features import context_features, with_values
from .processing.grounding import Grounding, ground_on_axis, with_history
from .processing.grounding_axis import Axis
from .processing.series_arrays import shortened

logger = logging.get_logger(__name__)

# Column of the texts in a table of them.
CONTEXT = "context"
# Ids that a message lists.
_SHOWN = 3


class ContextPreparer:
    """Prepares texts of the series of a panel; one text is grounded once on each time axis.

    Args:
        panel: of the series.
        horizon: steps to forecast.
        context_length: steps of the history that the model reads.
    """

    def __init__(self, panel: Panel, horizon: int, context_length: int):
        self.panel, self.horizon, self.context_length = panel, horizon, context_length
        self.future = panel.future_timestamps(horizon)
        self._shared: dict[tuple[str, bytes, int, int], tuple[Grounding, dict[str, Any]]] = {}

    def features(self, text: str, series: int, target: int) -> dict[str, Any]:
        """Features of a text for a target of a series."""
        rows = self._rows(series)
        grounding, found = self._grounded(text, series, rows)
        history = self.panel.values[rows, target]
        return with_values(found, with_history(grounding, history), history)

    def _rows(self, series: int) -> slice:
        """Rows of a series that the model reads."""
        first, last = self.panel.offsets[series : series + 2].tolist()
        return slice(max(first, last - self.context_length), last)

    def _grounded(self, text: str, series: int, rows: slice) -> tuple[Grounding, dict[str, Any]]:
        ahead = slice(series * self.horizon, (series + 1) * self.horizon)
        stamps, number = None, int(self.panel.lengths[series]) + 1
        if self.panel.dated:
            stamps = _wall_time(pd.DatetimeIndex(self.panel.timestamps[rows].append(self.future[ahead])))
        elif self.panel.grids.numbered:
            number = int(self.panel.as_given(self.future[ahead])[0])
        key = (text, b"" if stamps is None else stamps.asi8.tobytes(), rows.stop - rows.start, number)
        if key not in self._shared:
            axis = Axis(rows.stop - rows.start, self.horizon, stamps, number)
            grounding = ground_on_axis(text, axis)
            self._shared[key] = grounding, context_features(grounding, axis)
        return self._shared[key]


def _wall_time(stamps: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Timestamps without their zone: the local time where it rises, as it does but for the end of summer time."""
    if stamps.tz is None:
        return stamps
    local = stamps.tz_localize(None)
    return local if local.is_monotonic_increasing and local.is_unique else stamps.tz_convert(None)


@dataclass(frozen=True)
class PanelContexts:
    """Features of the texts of a panel.

    Args:
        features: for each series and target, series by series, those that the model reads, or None without a text.
        preparer: of them.
    """

    features: Sequence[Mapping[str, Any] | None]
    preparer: ContextPreparer

    def of(self, series: np.ndarray) -> list[Mapping[str, Any] | None]:
        """Features of some series and all their targets, in this order."""
        targets = len(self.preparer.panel.targets)
        return [self.features[k * targets + target] for k in series.tolist() for target in range(targets)]


def contexts_by_series(context: Any, panel: Panel) -> list[str]:
    """The text of each series, "" where it has none.

    Args:
        context: one text for all, or texts by id: a mapping, a Series, or a table of pandas, polars or pyarrow with
            the columns of ids and `context`, of which several rows of an id are joined.
        panel: the series.

    Raises:
        ValueError: for anything else, or an id that the panel lacks.
    """
    if context is None or isinstance(context, str):
        return [context or ""] * len(panel)
    if isinstance(context, Mapping | pd.Series):
        # A series without ids has the name of its column, which its forecast shows.
        own: dict[Any, Any] = {panel.title(0, 0): panel.ids[0]} if len(panel) == 1 and not panel.id_columns else {}
        given = [(own.get(key, key), text) for key, text in context.items()]
    else:
        given = _rows(context, panel)
    places = panel.ids.get_indexer(pd.Index([key for key, _ in given], dtype=panel.ids.dtype if not given else None))
    unknown = [given[k][0] for k in np.flatnonzero(places < 0)]
    if unknown:
        raise UserError(
            f"context has a text for {shortened([*map(repr, unknown)], _SHOWN)}, which is not an id of the table; the "
            f"ids are {shortened([*map(repr, panel.ids)], _SHOWN)}."
        )
    texts: list[list[str]] = [[] for _ in range(len(panel))]
    for place, (key, text) in zip(places, given, strict=True):
        if isinstance(text, str):
            texts[place].append(text)
        elif text is not None and not pd.isna(text):
            raise UserError(f"context of {key!r} is a {type(text).__name__}; give a text.")
    return ["\n\n".join(parts) for parts in texts]


def _rows(table: Any, panel: Panel) -> list[tuple[Any, Any]]:
    """Ids and texts of the rows of a table."""
    frame = table.to_pandas() if hasattr(table, "to_pandas") else table
    if not isinstance(frame, pd.DataFrame):
        raise UserError(
            f"context is a {type(table).__name__}; give a text, a mapping of ids to texts, or a table with the "
            f"columns {shortened([*map(repr, panel.id_columns), repr(CONTEXT)], _SHOWN)}."
        )
    missing = [name for name in (*panel.id_columns, CONTEXT) if name not in frame.columns]
    if missing:
        raise UserError(
            f"context: the table has no column {missing[0]!r}; its columns are "
            f"{shortened([*map(repr, frame.columns)], _SHOWN)}."
        )
    names = list(panel.id_columns)
    if not names:
        return [(panel.ids[0], text) for text in frame[CONTEXT]]
    keys = frame[names[0]] if len(names) == 1 else map(tuple, frame[names].itertuples(index=False))
    return list(zip(keys, frame[CONTEXT], strict=True))


def encode_contexts(panel: Panel, context: Any, horizon: int, model: PreTrainedModel) -> PanelContexts | None:
    """Prepare the texts of a panel for a model.

    Args:
        panel: from `read_panel`.
        context: see `contexts_by_series`.
        horizon: steps to forecast.
        model: a forecaster.

    Returns:
        The features; None without any text, or, with a warning, for a model that reads none.

    Raises:
        ValueError: as `contexts_by_series`.
        OSError: the text encoder that the model names cannot be had.
    """
    texts = contexts_by_series(context, panel)
    if not any(text.strip() for text in texts):
        return None
    config = model.config
    if getattr(config, "text_encoder", None) is None:
        logger.warning("context is ignored: this model reads no text.")
        return None
    # Where the encoder cannot be had, it is said before any work.
    load_text_encoder(config.text_encoder, config.text_layer)
    preparer = ContextPreparer(panel, horizon, config.context_length)
    features = [
        preparer.features(text, series, target) if text.strip() else None
        for series, text in enumerate(texts)
        for target in range(len(panel.targets))
    ]
    return PanelContexts(features, preparer)


def effect_words(effect: ContextEffect) -> str:
    """An operation that a text states, in a line: phrase, operation, operands, steps, and why it was not applied."""
    phrase = " ".join(effect.phrase.split())
    operands = " to ".join(f"{operand:g}" for operand in effect.operands)
    # Steps are counted from 1 in words.
    runs = [f"{first + 1} to {last}" if first + 1 < last else str(last) for first, last in effect.steps]
    steps = shortened(runs, _SHOWN) or "none"
    if effect.partial:
        steps += f" ({shortened([f'{100 * share:.2g} % of {step + 1}' for step, share in effect.partial], _SHOWN)})"
    what = f"{phrase!r}: {effect.operation.replace('_', ' ')}{f' {operands}' if operands else ''} in steps {steps}"
    return what if effect.applied else f"{what} is not applied: {effect.reason}"


def log_effects(effects: Sequence[Sequence[ContextEffect]], texts: Sequence[Mapping[str, Any] | None]) -> None:
    """Say what texts do, and what of them is not applied, and why.

    Args:
        effects: of each series.
        texts: features of the text of each, or None.
    """
    said = Counter(line for own in effects for line in {(effect_words(effect), effect.applied) for effect in own})
    for (words, applied), count in said.items():
        logger.log(
            logging.INFO if applied else logging.WARNING,
            "context: %s%s",
            words,
            f" ({count} series)" if count > 1 else "",
        )
    silent = sum(text is not None and not own for own, text in zip(effects, texts, strict=True))
    if silent:
        logger.warning("context: nothing in the text changes the forecast of %d series.", silent)
    pairs = [(own, text) for own, text in zip(effects, texts, strict=True) if text is not None]
    unused = dict.fromkeys(clause for own, text in pairs for clause in _unused(own, text))
    if unused:
        logger.info("context: without an effect: %s.", shortened([f"“{clause}”" for clause in unused], _SHOWN))


def _unused(effects: Sequence[ContextEffect], text: Mapping[str, Any]) -> list[str]:
    """Clauses of a text for which no operation was chosen."""
    used = {effect.span for effect in effects}
    spans = [(start, stop) for start, stop in text["clause_span"].tolist() if (start, stop) not in used]
    return [" ".join(text["text"][start:stop].split()).rstrip(".") for start, stop in spans]
