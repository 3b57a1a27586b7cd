"""Forecasts with their reasons, in facts and in checked words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any, cast

import numpy as np
import pandas as pd
import torch
from transformers import PreTrainedModel

from ..adapters import Batch, find_adapter
from ..data.series.panel_reading import load_panel
from ..data.series.panels import Panel
from ..errors import UserError
from ..modeling.configuration_tsfusion import EXPERT_GROUPS
from ..modeling.modeling_tsfusion_context_effects import ContextEffect
from ..panel_contexts import PanelContexts, does_words, encode_contexts, log_effects
from ..panel_covariates import PanelCovariates, encode_covariates
from ..prediction import (
    BATCH_SIZE,
    Forecaster,
    check_horizon,
    default_horizon,
    load,
    panel_batches,
    reading_options,
    usable_series,
)
from ..processing.feature_extraction_forecast import ForecastFeatureExtractor
from ..series_checks import held_series, warn_of_misfits
from .checks import Claim, check_text
from .evidence import Evidence, TextClause, TextPart, evidence_of
from .facts import Facts, find_facts
from .voice import Voice, load_voice
from .words import sentences

# Most series that are explained at once: each has a picture in a report.
_MOST_SERIES = 1000
_LONGEST_UNIT = 40
# Characters of a phrase that are quoted.
_LONGEST_PHRASE = 120


@dataclass(frozen=True)
class Explanation:
    """Why the forecast of a series is what it is.

    Args:
        facts: of the forecast, which are its computation.
        sentences: two to six, rendered from the facts by a closed grammar.
        claims: every number, date and name in the sentences, checked against the evidence.
        evidence: history, forecast, and the experts and effects that the forecast is made of.
        voice: whose choice among the ways to say the facts the sentences are: `grammar` for a draw by the seed, the
            name of a language model, or `rejected: ...` with the reason why the sentences of one are not shown, but
            those of the grammar.
    """

    facts: Facts
    sentences: tuple[str, ...]
    claims: tuple[Claim, ...]
    evidence: Evidence
    voice: str = "grammar"

    @property
    def text(self) -> str:
        """The sentences."""
        return " ".join(self.sentences)

    def to_dict(self) -> dict[str, Any]:
        """Facts, clauses of the text, sentences and claims as plain data for JSON."""
        return {
            "facts": self.facts.to_dict(),
            "text": [asdict(clause) for clause in self.evidence.clauses],
            "voice": self.voice,
            "sentences": list(self.sentences),
            "claims": [claim.to_dict() for claim in self.claims],
        }


def explain_evidence(evidence: Evidence, seed: int = 0, voice: Voice | None = None) -> Explanation:
    """Explain a forecast by its evidence.

    Args:
        evidence: of the forecast.
        seed: of the choice among the ways to say the same.
        voice: language model that chooses instead. Its text passes the same check, or is not shown.

    Raises:
        RuntimeError: a claim of the words does not hold, so that they cannot be shown.
    """
    facts = find_facts(evidence)
    said = tuple(sentences(facts, seed))
    claims = tuple(check_text(" ".join(said), evidence))
    failed = [claim for claim in claims if not claim.holds]
    if failed:
        raise RuntimeError(
            f"{evidence.name}: {failed[0].quantity} is {failed[0].actual}, but the words say {failed[0].words!r}."
        )
    if voice is None:
        return Explanation(facts, said, claims, evidence)
    told = tuple(voice.tell(facts))
    told_claims = tuple(check_text(" ".join(told), evidence))
    wrong = next((claim for claim in told_claims if not claim.holds), None)
    if wrong is not None:
        return Explanation(facts, said, claims, evidence, f"rejected: {wrong.quantity} is said to be {wrong.words!r}")
    return Explanation(facts, told, told_claims, evidence, voice.name)


def check_unit(unit: str) -> str:
    """A unit of values, one line of at most 40 characters.

    Raises:
        ValueError: if it is not.
    """
    if len(unit) > _LONGEST_UNIT or not unit.isprintable() or unit != unit.strip():
        raise UserError(f"unit is {unit!r}; give at most {_LONGEST_UNIT} printable characters, such as MW or euros.")
    return unit


def explain(
    df: Any,
    prediction_length: int | None = None,
    future_df: Any = None,
    id_column: str | Sequence[str] | None = None,
    timestamp_column: str | None = None,
    target: str | Sequence[str] | None = None,
    freq: str | int | None = None,
    model: Forecaster | None = None,
    unit: str = "",
    seed: int = 0,
    voice: str | None = None,
    context: Any = None,
    non_negative: bool | None = None,
) -> list[Explanation]:
    """Forecast every series of a table and say why.

    The reasons are the computation: the point forecast is the mean of named experts by the weights that are told, plus
    the effects of the covariates, and all else is computed from the history and the forecast. The words are rendered
    from these facts, and every claim in them is checked against history, forecast, experts and covariates.

    Args:
        df: table as of `predict_df`, the file of one, or the name of a set.
        prediction_length: steps to forecast; by default two seasons, as far as the horizon of the model holds
                them.
        future_df: known future of covariates, as of `predict_df`.
        id_column: column of ids, or several; default as of `predict_df`, as are the next three.
        timestamp_column: column of timestamps.
        target: column to forecast, or several.
        freq: time step, a pandas alias.
        model: TSFusion forecaster, in any form that `predict_df` takes; the built-in one by default.
        unit: of the values, such as `MW`, for the words.
        seed: of the choice among the ways to say the same.
        voice: language model that chooses among them, their order and connectives, in place of the seed: `smollm2`
            (HuggingFaceTB/SmolLM2-135M-Instruct), or the name or folder of a chat model. It writes no word of its own;
            its text passes the same check, or is not shown. None by default.
        context: what is known of the series, in English, as of `predict_df`.
        non_negative: whether to hold forecasts at 0 or above, as of `predict_df`.

    Returns:
        One explanation for each id and target, in the order of the table. Those without an observed value are left
        out, with a warning.

    Raises:
        ValueError: the model mixes no named experts, the unit is longer than 40 characters or not one line, there are
            more than 1,000 series, and as `predict_df`.
        OSError: there is no such voice.

    Example:

    ```python
    >>> (explanation,) = explain("passengers.csv", prediction_length=12, unit="passengers")
    >>> print(explanation.text)
    ```
    """
    check_unit(unit)
    speaker = None if voice is None else load_voice(voice)
    forecaster, feature_extractor = load(model)
    check_model(forecaster)
    panel = load_panel(df, id_column, timestamp_column, target, freq, **reading_options(feature_extractor))
    return explain_panel(
        panel, forecaster, feature_extractor, prediction_length, future_df, unit, seed, speaker, context, non_negative
    )


def check_model(model: PreTrainedModel) -> None:
    """Check that the forecast of a model can be explained.

    Raises:
        ValueError: it mixes no named experts.
    """
    if not hasattr(model.config, "experts"):
        raise UserError(
            f"a forecast of {type(model).__name__} has no named experts to explain it by; use a TSFusion forecaster, "
            "such as the built-in one."
        )


def explain_panel(
    panel: Panel,
    model: PreTrainedModel,
    feature_extractor: ForecastFeatureExtractor | None = None,
    prediction_length: int | None = None,
    future_df: Any = None,
    unit: str = "",
    seed: int = 0,
    voice: Voice | None = None,
    context: Any = None,
    non_negative: bool | None = None,
) -> list[Explanation]:
    """Explain the forecasts of a panel by a loaded model and voice; arguments, result and errors as `explain`."""
    horizon = check_horizon(default_horizon(model.config, panel) if prediction_length is None else prediction_length)
    count = len(panel) * len(panel.targets)
    if count > _MOST_SERIES:
        raise UserError(
            f"{panel.name}: {count:,} series (ids times targets); at most {_MOST_SERIES:,} are explained at once: "
            "give the rows of the ids, or the targets, that are to be explained."
        )
    warn_of_misfits(panel, model.config, feature_extractor)
    covariates = encode_covariates(panel, future_df, horizon, model, feature_extractor)
    contexts = encode_contexts(panel, context, horizon, model)
    explanations: dict[tuple[int, int], Explanation] = {}
    for sample, evidence in _evidence(panel, model, horizon, covariates, contexts, unit, non_negative):
        explanations[sample] = explain_evidence(evidence, seed, voice)
    return [explanations[key] for key in sorted(explanations)]


def _evidence(
    panel: Panel,
    model: PreTrainedModel,
    horizon: int,
    covariates: PanelCovariates | None,
    contexts: PanelContexts | None,
    unit: str,
    non_negative: bool | None,
) -> Iterator[tuple[tuple[int, int], Evidence]]:
    """Evidence of the series that have an observed value, each by the positions of its id and target."""
    config = model.config
    adapter = find_adapter(config, type(model).__name__)
    adapter.check(config, horizon, config.quantiles)
    series = usable_series(panel, adapter, config, 1)
    timestamps = panel.future_timestamps(horizon)
    lowest = np.where(held_series(panel, non_negative), 0.0, -np.inf)
    said: list[Sequence[ContextEffect]] = []
    read: list[Mapping[str, Any] | None] = []
    for chosen, batch in panel_batches(panel, series, config.context_length, BATCH_SIZE, covariates, contexts):
        outputs = _predict(model, batch, horizon)
        texts = {}
        if contexts is not None:
            texts = _text_parts(model, batch, chosen, horizon, contexts, outputs, timestamps, lowest)
            said += outputs.context_effects
            read += contexts.of(chosen)
        mean = outputs.mean_predictions.double().cpu().numpy()
        quantiles = outputs.full_predictions.double().cpu().numpy()
        for (sample, number), target in product(enumerate(chosen.tolist()), range(len(panel.targets))):
            span = slice(*panel.offsets[number : number + 2])
            history = pd.Series(panel.values[span, target], panel.timestamps[span], name=panel.title(number, target))
            if history.isna().all():
                continue
            columns = {"mean": mean[sample, :, target]}
            columns |= {f"{level:g}": quantiles[sample, :, target, k] for k, level in enumerate(config.quantiles)}
            columns = {name: np.maximum(values, lowest[number, target]) for name, values in columns.items()}
            yield (
                (number, target),
                evidence_of(
                    outputs,
                    sample,
                    config.experts,
                    EXPERT_GROUPS,
                    _as_read(history, config.context_length),
                    pd.DataFrame(columns, timestamps[number * horizon : (number + 1) * horizon]),
                    unit,
                    panel.dated,
                    target,
                    () if covariates is None else covariates.columns,
                    texts.get((sample, target), ()),
                    _clauses(outputs.context_effects, sample * len(panel.targets) + target),
                ),
            )
    log_effects(said, read)


def _predict(model: PreTrainedModel, batch: Batch, horizon: int) -> Any:
    """Output of the model for a batch."""
    periods = batch.seasonal_periods[:, None].expand(-1, batch.values.shape[2], -1)
    return cast(Any, model).predict(
        batch.values.to(model.device),
        prediction_length=horizon,
        quantile_levels=model.config.quantiles,
        seasonal_period=periods.to(model.device),
        context=batch.contexts,
        **{name: features.to(model.device) for name, features in batch.covariates.items()},
    )


def _quoted(phrase: str) -> str:
    """A phrase on one line, without the mark at its end, and cut where it is long."""
    words = " ".join(phrase.split()).rstrip(".!?;,: ").replace("“", "'").replace("”", "'")
    return words if len(words) <= _LONGEST_PHRASE else f"{words[: _LONGEST_PHRASE - 1].rstrip()}…"


def _clauses(effects: Sequence[Sequence[ContextEffect]] | None, place: int) -> list[TextClause]:
    """Clauses of the text of a series, by its place among the effects of a batch."""
    return [
        TextClause(
            _quoted(effect.phrase),
            effect.applied,
            "" if effect.operation == "keep" else does_words(effect),
            effect.reason,
        )
        for effect in (effects[place] if effects else ())
    ]


def _text_parts(
    model: PreTrainedModel,
    batch: Batch,
    chosen: np.ndarray,
    horizon: int,
    contexts: PanelContexts,
    outputs: Any,
    timestamps: pd.DatetimeIndex,
    lowest: np.ndarray,
) -> dict[tuple[int, int], list[TextPart]]:
    """Phrases that change the forecasts of a batch, by sample and target, each with the forecast without it."""
    targets = batch.values.shape[2]
    done = [
        (*divmod(place, targets), effect)
        for place, effects in enumerate(outputs.context_effects)
        for effect in effects
        if effect.applied
    ]
    if not done:
        return {}
    samples = torch.tensor([sample for sample, _, _ in done])
    reduced: list[Any] = []
    for sample, target, effect in done:
        start, stop = effect.span
        own = cast(Any, contexts.of(chosen[[sample]])[target])
        text = own["text"][:start] + own["text"][stop:]
        rest = contexts.preparer.features(text, int(chosen[sample]), target)
        reduced += [rest if k == target else None for k in range(targets)]
    shared = {name: features[samples] for name, features in batch.covariates.items()}
    found = _predict(model, Batch(batch.values[samples], batch.seasonal_periods[samples], shared, reduced), horizon)
    parts: dict[tuple[int, int], list[TextPart]] = {}
    for place, (sample, target, effect) in enumerate(done):
        start = int(chosen[sample]) * horizon
        mean = found.mean_predictions[place, :, target].double().cpu().numpy()
        mean = np.maximum(mean, lowest[chosen[sample], target])
        partial = dict(effect.partial)
        shares = {step + 1: partial.get(step, 1.0) for first, last in effect.steps for step in range(first, last)}
        # Of the history those that are left out: a missing value is none.
        history = batch.values[sample, :, target]
        steps = tuple(step for step in shares if step > 0 or not history[step - 1].isnan())
        if steps:
            forecast = pd.Series(mean, timestamps[start : start + horizon])
            part = TextPart(
                _quoted(effect.phrase),
                effect.operation,
                effect.operands,
                effect.weekday,
                steps,
                tuple(shares[step] for step in steps),
                forecast,
            )
            parts.setdefault((sample, target), []).append(part)
    return parts


def _as_read(history: pd.Series, context_length: int) -> pd.Series:
    """The rows that the model reads; all, where only a value before these is observed, which it goes by then."""
    last = history.iloc[-context_length:]
    return history if last.isna().all() else last
