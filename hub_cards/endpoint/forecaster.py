"""Handler of {{ repo_id }} for Inference Endpoints: forecasts over JSON.

A request; `inputs` is one such object or a list of them, whose columns may differ:

    {"inputs": {"series": {"load": [1.0, null, 1.2], "price": [7.1, 7.4, 7.2]},
                "timestamps": ["2024-01-01", "2024-01-02", "2024-01-03"],
                "context": "Closed on 6 January."},
     "parameters": {"prediction_length": 24, "quantile_levels": [0.1, 0.9], "freq": "D"}}

`series` holds columns of one length, in any order, or is itself a list of numbers, then called "series"; null is a
missing value. `timestamps`, rising and one for each value, may be left out; a step that they skip is a missing value.
So may `context`, of a model that reads texts: what is known of the columns and of their future, in English, one text
for all or an object of texts by column. So may `parameters`: by default `prediction_length` is the horizon of the
model, `quantile_levels` are its own (other levels between them are interpolated), and `freq`, the time step as an
alias of pandas, is inferred from the timestamps.

The answer, one object or a list of them, as `inputs` was:

    {"timestamps": ["2024-01-04", ...], "mean": {"load": [...], "price": [...]},
     "quantiles": {"0.1": {"load": [...], "price": [...]}, "0.9": {...}},
     "context": {"load": [{"phrase": "Closed on 6 January.", "operation": "zero", "operands": [], "steps": [[3, 3]],
                           "used": true, "reason": ""}], "price": [...]}, "warning": "..."}

There are `timestamps` where the request has them; `context` where it has one, with each clause of the text: what it
does to which steps, the first and last of each run, 1 for the first of the forecast, or why it is not used ("keep" is
a clause that states nothing); and a `warning` where `prediction_length` is beyond the horizon of training, so that the
model forecasts from its own forecasts. The answer to an invalid request is `{"error": "one line"}` and nothing else. A
request has at most 64 inputs, 1,000,000 values, 100,000 characters of texts and 4,096 steps to forecast.

The model runs with the code that the checkpoint carries; nothing but the packages in requirements.txt and
time_axis.py, which lies beside this file, is needed.
"""

from typing import Any

import numpy as np
import pandas as pd
import torch
from time_axis import TimeGrid, complete, find_grid
from transformers import AutoFeatureExtractor, AutoModelForTimeSeriesPrediction

MOST_INPUTS, MOST_VALUES, MOST_STEPS, MOST_CHARACTERS = 64, 1_000_000, 4_096, 100_000
PARAMETERS = ("prediction_length", "quantile_levels", "freq")


class EndpointHandler:
    """Handler of requests for the checkpoint in the folder `path`; see above."""

    def __init__(self, path: str = ""):
        self.model = AutoModelForTimeSeriesPrediction.from_pretrained(path, trust_remote_code=True).eval()
        self.model.to("cuda" if torch.cuda.is_available() else "cpu")
        self.feature_extractor = AutoFeatureExtractor.from_pretrained(path, trust_remote_code=True)

    def __call__(self, data: dict[str, Any]) -> list[dict[str, Any]] | dict[str, Any]:
        try:
            inputs = data.get("inputs") if isinstance(data, dict) else None
            items = inputs if isinstance(inputs, list) else [inputs]
            horizon, levels, freq = self._parameters(data.get("parameters") if isinstance(data, dict) else None)
            frames, grids = self._on_grids(_frames(items), freq)
            texts = self._texts(items, frames)
            answers = self._forecast(frames, grids, texts, horizon, levels)
        except (ValueError, OSError) as error:
            # An OSError tells which text encoder cannot be had.
            return {"error": " ".join(str(error).split())}
        return answers if isinstance(inputs, list) else answers[0]

    def _parameters(self, parameters: Any) -> tuple[int, list[float], str | None]:
        """Horizon, levels and time step, checked."""
        parameters = {} if parameters is None else parameters
        if not isinstance(parameters, dict) or set(parameters) - set(PARAMETERS):
            raise ValueError(f"parameters: give an object with {', '.join(PARAMETERS)}, all optional.")
        horizon = parameters.get("prediction_length", self.model.config.prediction_length)
        if type(horizon) is not int or not 1 <= horizon <= MOST_STEPS:
            raise ValueError(f"prediction_length is {horizon!r}; give a whole number from 1 to {MOST_STEPS}.")
        known = self.model.config.quantiles
        levels = parameters.get("quantile_levels", known)
        if not isinstance(levels, list) or len(levels) > 99 or not all(map(_is_number, levels)):
            raise ValueError(f"quantile_levels is {levels!r:.80}; give a list of up to 99 numbers.")
        outside = [level for level in levels if not known or not known[0] <= level <= known[-1]]
        if outside:
            offered = f"levels from {known[0]:g} to {known[-1]:g}" if known else "no quantiles, only a point forecast"
            raise ValueError(f"quantile {outside[0]:g} is asked for; this model gives {offered}.")
        freq = parameters.get("freq")
        if freq is not None and not isinstance(freq, str):
            raise ValueError(f"freq is {freq!r:.80}; give an alias of pandas, such as h, B or MS.")
        return horizon, levels, freq

    def _texts(self, items: list[Any], frames: list[pd.DataFrame]) -> list[dict[str, str]]:
        """The text of each column of each input that has one."""
        texts = []
        for number, (item, frame) in enumerate(zip(items, frames, strict=True)):
            given = item.get("context")
            own = {} if given is None else dict.fromkeys(frame.columns, given) if isinstance(given, str) else given
            if not isinstance(own, dict) or not all(isinstance(text, str) for text in own.values()):
                raise ValueError(f"input {number}: context is a text, or an object of texts by column.")
            if set(own) - set(frame.columns):
                unknown = min(set(own) - set(frame.columns))
                raise ValueError(f"input {number}: context has a text for {unknown!r:.80}, which is not a column.")
            texts.append({name: text for name, text in own.items() if text.strip()})
        if any(texts) and getattr(self.model.config, "text_encoder", None) is None:
            raise ValueError("this model reads no text; leave context out.")
        characters = sum(len(text) for own in texts for text in own.values())
        if characters > MOST_CHARACTERS:
            raise ValueError(f"context has {characters} characters; give at most {MOST_CHARACTERS}.")
        return texts

    def _contexts(
        self, frame: pd.DataFrame, grid: TimeGrid | None, texts: dict[str, str], horizon: int
    ) -> list[dict[str, Any] | None]:
        """Features of the text of each column of an input, in the order of its table."""
        stamps = None
        if grid is not None and texts:
            stamps = frame.index.append(pd.DatetimeIndex(grid.following(horizon)))
            if stamps.tz is not None:
                local = stamps.tz_localize(None)
                stamps = local if local.is_monotonic_increasing and local.is_unique else stamps.tz_convert(None)
        return [
            self.feature_extractor.prepare_context(
                texts[name], frame[name].to_numpy(), horizon, stamps, [name], [*frame.columns.drop(name)]
            )
            if name in texts
            else None
            for name in frame.columns
        ]

    def _on_grids(
        self, frames: list[pd.DataFrame], freq: str | None
    ) -> tuple[list[pd.DataFrame], list[TimeGrid | None]]:
        """Inputs with a row for each step of their time grid, and the grids, where there are timestamps."""
        # Code of a checkpoint from before there was `freq` does not know it.
        default_freq = getattr(self.feature_extractor, "freq", None)
        grids = [
            find_grid(frame.index, freq, default_freq, f"input {number}")
            if isinstance(frame.index, pd.DatetimeIndex)
            else None
            for number, frame in enumerate(frames)
        ]
        filled = [frame if grid is None else complete(frame, grid) for frame, grid in zip(frames, grids, strict=True)]
        return filled, grids

    def _forecast(
        self,
        frames: list[pd.DataFrame],
        grids: list[TimeGrid | None],
        texts: list[dict[str, str]],
        horizon: int,
        levels: list[float],
    ) -> list[dict[str, Any]]:
        """Answers to all inputs; those with the same number of columns run together."""
        answers: list[dict[str, Any]] = [{} for _ in frames]
        given = [list(frame.columns) for frame in frames]
        frames = [self._in_order(frame, f"input {number}") for number, frame in enumerate(frames)]
        features = [self._features(frame, f"input {number}") for number, frame in enumerate(frames)]
        for columns in {frame.shape[1] for frame in frames}:
            rows = [row for row, frame in enumerate(frames) if frame.shape[1] == columns]
            batch = {name: torch.cat([features[row][name] for row in rows]) for name in features[0]}
            if any(texts[row] for row in rows):
                contexts = [self._contexts(frames[row], grids[row], texts[row], horizon) for row in rows]
                batch["context"] = [features for own in contexts for features in own]
            outputs = self.model.predict(**batch, prediction_length=horizon)
            for place, row in enumerate(rows):
                quantiles = outputs.full_predictions
                quantiles = None if quantiles is None else quantiles[place].double().cpu().numpy()
                mean = outputs.mean_predictions[place].double().cpu().numpy()
                answers[row] = self._answer(frames[row], given[row], grids[row], mean, quantiles, levels)
                if texts[row]:
                    effects = outputs.context_effects[place * columns : (place + 1) * columns]
                    told = dict(zip(frames[row].columns, map(_told, effects), strict=True))
                    answers[row]["context"] = {name: told[name] for name in given[row] if name in texts[row]}
        return answers

    def _in_order(self, frame: pd.DataFrame, where: str) -> pd.DataFrame:
        """Sort the columns into the order of training, which a forecast may depend on; others come after, by name."""
        # A checkpoint of before does not say its columns.
        known = getattr(self.feature_extractor, "columns", [])
        if known and not self.model.config.share_projection and set(frame.columns) != set(known):
            raise ValueError(f"{where}: this model has a head for each of {', '.join(known)}; give exactly these.")
        order = {name: place for place, name in enumerate(known)}
        return frame[sorted(frame.columns, key=lambda name: (order.get(name, len(order)), name))] if known else frame

    def _features(self, frame: pd.DataFrame, where: str) -> dict[str, torch.Tensor]:
        """Inputs of the model for one sample, padded with unobserved steps to its look-back."""
        try:
            batch = self.feature_extractor(frame).to(self.model.device)
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from error
        missing = self.model.config.context_length - batch["past_values"].shape[1]
        return {name: torch.nn.functional.pad(tensor, (0, 0, missing, 0)) for name, tensor in batch.items()}

    def _answer(
        self,
        frame: pd.DataFrame,
        given: list[str],
        grid: TimeGrid | None,
        mean: np.ndarray,
        quantiles: np.ndarray | None,
        levels: list[float],
    ) -> dict[str, Any]:
        """Answer for one input: mean (steps, columns) and quantiles (..., levels) in its own units and order."""

        def by_column(values: np.ndarray) -> dict[str, list[float]]:
            values = self.feature_extractor.unscale(values, frame.columns)
            return {name: values[:, frame.columns.get_loc(name)].tolist() for name in given}

        answer = {}
        if grid is not None:
            answer["timestamps"] = [time.isoformat() for time in grid.following(len(mean))]
        answer |= {"mean": by_column(mean), "quantiles": {}}
        if levels:
            known = self.model.config.quantiles
            position = np.interp(levels, known, np.arange(len(known)))
            below = np.floor(position).astype(int)
            weight = position - below
            above = np.minimum(below + 1, len(known) - 1)
            chosen = quantiles[..., below] * (1 - weight) + quantiles[..., above] * weight
            answer["quantiles"] = {f"{level:g}": by_column(chosen[..., k]) for k, level in enumerate(levels)}
        trained_for = self.model.config.prediction_length
        if len(mean) > trained_for:
            answer["warning"] = f"Steps after the first {trained_for} are forecast from forecasts."
        return answer


def _told(effects: Any) -> list[dict[str, Any]]:
    """What each clause of a text does, or why it is not used."""
    return [
        {
            "phrase": effect.phrase,
            "operation": effect.operation,
            "operands": list(effect.operands),
            "steps": [[first + 1, last] for first, last in effect.steps],
            "used": effect.applied,
            "reason": effect.reason,
        }
        for effect in effects
    ]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _frames(items: list[Any]) -> list[pd.DataFrame]:
    """Inputs as tables with one column for each series."""
    if not 1 <= len(items) <= MOST_INPUTS:
        raise ValueError(f"inputs has {len(items)} series; give 1 to {MOST_INPUTS}.")
    frames = [_frame(item, f"input {number}") for number, item in enumerate(items)]
    if sum(frame.size for frame in frames) > MOST_VALUES:
        raise ValueError(f"inputs has {sum(frame.size for frame in frames)} values; give at most {MOST_VALUES}.")
    return frames


def _frame(item: Any, where: str) -> pd.DataFrame:
    if not isinstance(item, dict) or "series" not in item or set(item) - {"series", "timestamps", "context"}:
        raise ValueError(f'{where}: give an object with "series" and, optionally, "timestamps" and "context".')
    columns = item["series"] if isinstance(item["series"], dict) else {"series": item["series"]}
    if not columns:
        raise ValueError(f"{where}: no series; give at least one column of numbers.")
    for name, values in columns.items():
        if not isinstance(values, list) or not all(value is None or _is_number(value) for value in values):
            raise ValueError(f"{where}: series {name!r} is not a list of numbers; null is a missing value.")
    if len({len(values) for values in columns.values()}) > 1:
        raise ValueError(f"{where}: columns have {[len(v) for v in columns.values()]} values; give the same number.")
    try:
        frame = pd.DataFrame({name: np.array(values, dtype=np.float64) for name, values in columns.items()})
    except OverflowError:
        raise ValueError(f"{where}: a value is beyond what a float can hold.") from None
    timestamps = item.get("timestamps")
    if timestamps is None:
        return frame
    if not isinstance(timestamps, list) or len(timestamps) != len(frame) or len(frame) < 2:
        raise ValueError(f"{where}: give one timestamp for each of its {len(frame)} values, at least 2.")
    index = pd.to_datetime(pd.Series(timestamps, dtype="object").astype(str), errors="coerce", format="mixed")
    if index.isna().any():
        raise ValueError(f"{where}: {timestamps[int(index.isna().argmax())]!r} is not a timestamp.")
    frame.index = pd.DatetimeIndex(index)
    if not (frame.index.is_monotonic_increasing and frame.index.is_unique):
        raise ValueError(f"{where}: timestamps do not rise.")
    return frame
