"""Texts about the series of a panel as inputs of a model."""

import re
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
from .modeling.modeling_tsfusion_context_effects import ContextEffect
from .processing.context_features import context_features, with_values
from .processing.grounding import Grounding, ground_on_axis, with_history
from .processing.grounding_axis import Axis
from .processing.series_arrays import shortened
from .processing.series_names import Mention, SeriesNames

logger = logging.get_logger(__name__)

# Column of the texts in a table of them.
CONTEXT = "context"
# Ids that a message lists; clauses, and characters of each, that one lists.
_SHOWN, _CLAUSES_SHOWN, _LONGEST_SHOWN = 3, 10, 100
# Ending of the name of a column of ids.
_ID_ENDING = re.compile(r"[\s_-]+(?:ids?|nbr|no|num|number|code|key|name)$", re.IGNORECASE)


class ContextPreparer:
    """Prepares texts of the series of a panel; one text is grounded once on each time axis.

    Args:
        panel: of the series.
        horizon: steps to forecast.
        context_length: steps of the history that the model reads.
    """

    def __init__(self, panel: Panel, horizon: int, context_length: int):
        self.panel, self.horizon = panel, horizon
        self.future = panel.future_timestamps(horizon)
        last = panel.offsets[1:]
        # Rows of each series that the model reads.
        self.first, self.last = np.maximum(panel.offsets[:-1], last - context_length), last
        numbered = panel.grids.numbered
        ahead = panel.as_given(self.future[::horizon]) if numbered else panel.lengths + 1
        self.numbers = np.asarray(ahead, dtype=np.int64)
        # Series of one grid whose rows begin together and are as many have one time axis.
        begins = (
            panel.timestamps.asi8[np.minimum(self.first, len(panel.timestamps) - 1)] if panel.dated else self.first * 0
        )
        axes = np.stack((panel.grids.grid_of, begins, self.last - self.first, self.numbers), 1)
        self.axis_of = np.unique(axes, axis=0, return_inverse=True)[1].ravel()
        self._axes: dict[int, Axis] = {}
        self._grounded: dict[tuple[str, int], Grounding] = {}
        self._features: dict[tuple[str, int, tuple[Mention, ...], bool], dict[str, Any]] = {}
        ids = [one if isinstance(one, tuple) else (one,) for one in panel.ids] if panel.id_columns else [()]
        named = [list(map(names_of_id, panel.id_columns, own)) for own in ids]
        self._names = SeriesNames([[(target,), *own] for own in named for target in panel.targets])

    def features(self, text: str, series: int, target: int) -> dict[str, Any]:
        """Features of a text for a target of a series."""
        key = text, int(self.axis_of[series])
        if key not in self._grounded:
            self._grounded[key] = ground_on_axis(text, self._axis(series))
        grounding = self._grounded[key]
        place = series * len(self.panel.targets) + target
        named = self._names.mentions(grounding.text, place), self._names.is_measured(place)
        if (*key, *named) not in self._features:
            self._features[(*key, *named)] = context_features(grounding, self._axis(series), *named)
        history = self.panel.values[self.first[series] : self.last[series], target]
        return with_values(self._features[(*key, *named)], with_history(grounding, history), history)

    def _axis(self, series: int) -> Axis:
        """Time axis of a series, one for all that share it."""
        key = int(self.axis_of[series])
        if key not in self._axes:
            rows = slice(self.first[series], self.last[series])
            stamps = None
            if self.panel.dated:
                ahead = slice(series * self.horizon, (series + 1) * self.horizon)
                stamps = _wall_time(pd.DatetimeIndex(self.panel.timestamps[rows].append(self.future[ahead])))
            self._axes[key] = Axis(rows.stop - rows.start, self.horizon, stamps, int(self.numbers[series]))
        return self._axes[key]


def names_of_id(column: str, part: object) -> tuple[str, ...]:
    """Names that a series goes by for an id: "Lyon"; "store 3", "series 3" and "id 3" for a 3 of "store_id"."""
    name = str(part)
    if not name.isdecimal() and len(name) > 1:
        return (name,)
    return (name, *(f"{kind} {name}" for kind in (_ID_ENDING.sub("", column), "series", "id")))


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
    """The text of each target of each series, series by series, "" where it has none.

    Args:
        context: one text for all, or texts by id: a mapping, a Series, or a table of pandas, polars or pyarrow with
            the columns of ids and `context`, of which several rows of an id are joined. The series of a table without
            ids go by the names of their columns.
        panel: the series.

    Raises:
        ValueError: for anything else, or an id that the panel lacks.
    """
    targets = len(panel.targets)
    if context is None or isinstance(context, str):
        return [context or ""] * (len(panel) * targets)
    given = list(context.items()) if isinstance(context, Mapping | pd.Series) else _rows(context, panel)
    columns = {} if panel.id_columns or len(panel) > 1 else {name: k for k, name in enumerate(panel.targets)}
    keys = pd.Index([key for key, _ in given if key not in columns], dtype=panel.ids.dtype if not given else None)
    place_of = dict(zip(keys, panel.ids.get_indexer(keys).tolist(), strict=True)) if len(keys) else {}
    unknown = [key for key, place in place_of.items() if place < 0]
    if unknown:
        kind, names = ("a target", list(columns)) if columns else ("an id", list(panel.ids))
        raise UserError(
            f"context has a text for {shortened([*map(repr, unknown)], _SHOWN)}, which is not {kind} of the table; "
            f"there {'is' if len(names) == 1 else 'are'} {shortened([*map(repr, names)], _SHOWN)}."
        )
    texts: list[list[str]] = [[] for _ in range(len(panel) * targets)]
    for key, text in given:
        if not isinstance(text, str):
            if text is None or pd.isna(text):
                continue
            raise UserError(f"context of {key!r} is a {type(text).__name__}; give a text.")
        first = columns[key] if key in columns else place_of[key] * targets
        for own in texts[first : first + (1 if key in columns else targets)]:
            own.append(text)
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
        preparer.features(text, *divmod(place, len(panel.targets))) if text.strip() else None
        for place, text in enumerate(texts)
    ]
    return PanelContexts(features, preparer)


def effect_words(effect: ContextEffect) -> str:
    """An operation that a text states, in a line: phrase, operation, operands, steps, and why it was not applied."""
    return (
        f"{quoted(effect.phrase)}: {does_words(effect)}{'' if effect.applied else f' is not applied: {effect.reason}'}"
    )


def does_words(effect: ContextEffect) -> str:
    """The operation that a text states, its operands and its steps."""
    operands = " to ".join(f"{operand:g}" for operand in effect.operands)
    # Steps are counted from 1 in words.
    runs = [f"{first + 1} to {last}" if first + 1 < last else str(last) for first, last in effect.steps]
    steps = shortened(runs, _SHOWN) or "none"
    if effect.partial:
        steps += f" ({shortened([f'{100 * share:.2g} % of {step + 1}' for step, share in effect.partial], _SHOWN)})"
    return f"{effect.operation.replace('_', ' ')}{f' {operands}' if operands else ''} in steps {steps}"


def log_effects(effects: Sequence[Sequence[ContextEffect]], texts: Sequence[Mapping[str, Any] | None]) -> None:
    """Say what texts do, and what of them is not used and why, clause by clause.

    Args:
        effects: of each series.
        texts: features of the text of each, or None.
    """
    read = Counter(tuple(own) for own, text in zip(effects, texts, strict=True) if text is not None)
    done = {effect.phrase for own in read for effect in own if effect.applied}
    # Series that a clause does so to: a clause counts once for each. One that is of other series is no surprise there.
    said: dict[int, Counter[str]] = {logging.INFO: Counter(), logging.WARNING: Counter()}
    unused: dict[str, dict[str, None]] = {}
    silent = 0
    for own, count in read.items():
        silent += count * (not any(effect.phrase in done for effect in own))
        for effect in own:
            if effect.operation == "keep":
                unused.setdefault(effect.reason, {})[quoted(effect.phrase)] = None
        lines = {(effect_words(effect), effect.phrase in done) for effect in own if effect.operation != "keep"}
        for words, is_done in lines:
            said[logging.INFO if is_done else logging.WARNING][words] += count
    for level, counts in said.items():
        for words, count in counts.items():
            logger.log(level, "context: %s%s", words, f" ({count} series)" if count > 1 else "")
    for reason, phrases in unused.items():
        logger.info("context: not used: %s: %s.", shortened([*phrases], _CLAUSES_SHOWN), reason)
    if silent:
        logger.warning("context: nothing in the text changes the forecast of %d series.", silent)


def quoted(phrase: str) -> str:
    """A phrase in quotes on one line, cut where it is long, and without characters that cannot be shown."""
    words = " ".join(phrase.split()).rstrip(". ")
    words = words if len(words) <= _LONGEST_SHOWN else f"{words[: _LONGEST_SHOWN - 1].rstrip()}…"
    return f"“{''.join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in words)}”"


__all__ = [
    "ContextPreparer",
    "PanelContexts",
    "contexts_by_series",
    "does_words",
    "effect_words",
    "encode_contexts",
    "log_effects",
    "quoted",
]
