"""Check of explanations against their forecasts.

`python -m benchmarks.explanations [--cases 1000] [--seeds 0 1 2] [--voice smollm2]`

Series of every family of the synthetic priors, at random places, scales, dates and time steps, with gaps as they come,
and the ends of the five series in uni/ of the folder that `TS_LLM_FUSION_DATA_DIR` names, if it is set. Each is
forecast by the built-in forecaster and explained. Prints

- numeric claims right: of the words, checked against the evidence of their own series;
- control: of the same words, checked against the evidence of the next series;
- other claims (names, directions) of both;
- causes: of the effects of a group of experts in the words, those that the model itself shows, within the rounding,
  when the group is taken from it;
- sensitivity: the forecast is moved by d; shares of the values of the forecast in the new words that moved by d within
  the rounding, and of those in the old words that no longer hold where d is more than the rounding;
- from the words alone: the forecast is rebuilt from the numbers in the words, and its MASE against the forecast is
  given as a share of the MASE of the forecast's mean, pooled over all cases and as the median of the cases;
- wordings: texts that still differ when all claims are cut out of them, as a share of the cases.

With --voice, which takes 10 to 15 processor seconds a case, also the share of texts of the language model that the
check accepts, and no sensitivity, which is that of the grammar.
"""

import argparse
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from ts_llm_fusion import BUILT_IN, TSFusionForForecasting
from ts_llm_fusion.data.series.priors import draw_batch
from ts_llm_fusion.evaluation.report import align_columns, markdown_table
from ts_llm_fusion.explanations.checks import Claim, check_text
from ts_llm_fusion.explanations.evidence import Evidence, evidence_of
from ts_llm_fusion.explanations.explain import Explanation, explain_evidence
from ts_llm_fusion.explanations.lexicon import parse_number
from ts_llm_fusion.explanations.voice import Voice, load_voice
from ts_llm_fusion.modeling.configuration_tsfusion import EXPERT_GROUPS

_ROWS = 64
_A_BATCH = 8
_LONGEST = 600
# Time steps, and the longest series that has them: years end in 2262.
_STEPS = (("YS", 120), ("QS", 400), ("MS", 1000), ("W", 5000), ("D", 5000), ("B", 5000), ("h", 5000), ("30min", 5000))
_UNITS = ("", "MW", "euros", "m3")
_SINGLE = ("AirPassengers", "co2", "sunspots", "taylor", "temps")
# Quantities that move with the forecast.
_MOVING = (
    "horizon.mean", "horizon.first.value", "horizon.last.value", "horizon.highest.value", "horizon.lowest.value"
)  # fmt: skip


def _evidence(
    model: TSFusionForForecasting,
    histories: np.ndarray,
    horizon: int,
    periods: torch.Tensor | None,
    rng: np.random.Generator,
    name: str,
) -> Iterator[tuple[Evidence, dict[str, float]]]:
    """Evidence of histories (rows, time), NaN before their start, at random dates; mean forecasts without a group."""
    past = torch.tensor(histories)[..., None]
    outputs = model.predict(past, prediction_length=horizon, seasonal_period=periods)
    without = _without_groups(model, past, horizon, periods)
    for row, values in enumerate(histories):
        start = int(np.argmin(np.isnan(values)))
        total = len(values) - start + horizon
        freq = rng.choice([step for step, most in _STEPS if total <= most])
        first = pd.Timestamp("1900-01-01") + pd.Timedelta(hours=int(rng.integers(24 * 365 * 100)))
        first = first if freq in ("h", "30min") else first.normalize()
        index = pd.date_range(first, periods=total, freq=freq)
        columns = {"mean": outputs.mean_predictions[row, :, 0].double().numpy()}
        quantiles = outputs.full_predictions[row, :, 0].double().numpy()
        columns |= {f"{level:g}": quantiles[:, k] for k, level in enumerate(model.config.quantiles)}
        evidence = evidence_of(
            outputs,
            row,
            model.config.experts,
            EXPERT_GROUPS,
            pd.Series(values[start:], index[:-horizon], name=name),
            pd.DataFrame(columns, index[-horizon:]),
            str(rng.choice(_UNITS)),
        )
        yield evidence, {group: float(means[row]) for group, means in without.items()}


@torch.no_grad()
def _without_groups(
    model: TSFusionForForecasting, past: torch.Tensor, horizon: int, periods: torch.Tensor | None
) -> dict[str, torch.Tensor]:
    """Mean forecasts (rows,) of the model whose experts of a group are not available."""
    encoded = model.model(past, seasonal_period=periods, prediction_length=horizon)
    available, means = encoded.available, {}
    for group in dict.fromkeys(EXPERT_GROUPS.values()):
        others = torch.tensor([EXPERT_GROUPS[name] != group for name in model.config.experts])
        encoded.available = available * others
        means[group] = encoded.loc + encoded.scale * model.head(encoded)[1].double().mean(1)
    return means


def draw_cases(model: TSFusionForForecasting, cases: int, seed: int) -> Iterator[tuple[Evidence, dict[str, float]]]:
    """Evidence of forecasts of many kinds of series, and their means without each group of experts."""
    rng = np.random.default_rng(seed)
    folder = os.environ.get("TS_LLM_FUSION_DATA_DIR")
    for name in _SINGLE if folder else ():
        table = pd.read_csv(Path(folder or "", "uni", f"{name}.csv.gz"))
        values = table.select_dtypes("number").iloc[:, -1].to_numpy(dtype=np.float64)
        for horizon in (12, 48):
            yield from _evidence(model, values[None, -2112:-horizon], horizon, None, rng, name)
            cases -= 1
    number = 0
    while cases > 0:
        batch = draw_batch(30_000 + seed, number, _ROWS, longest=_LONGEST)
        rows = rng.permutation(len(batch["past_values"]))[: min(_A_BATCH, cases)]
        past = batch["past_values"][rows].astype(np.float64)
        scale, place = 10 ** rng.uniform((-4, -1), (6, 2), (len(rows), 2)).T[..., None]
        # Some series are all positive, so that they have shares.
        lowest = np.nanmin(past, 1, keepdims=True)
        past = (past + place - np.where(rng.random((len(rows), 1)) < 0.5, lowest, 0.0)) * scale
        periods = torch.from_numpy(batch["seasonal_period"][rows])[:, None]
        horizon = min(batch["future_values"].shape[1], 128)
        yield from _evidence(model, past, horizon, periods, rng, f"case {number}")
        cases -= len(rows)
        number += 1


def moved(evidence: Evidence, by: float) -> Evidence:
    """Evidence whose forecast, and all experts of it, are higher by a constant."""
    return replace(evidence, forecast=evidence.forecast + by, predictions=evidence.predictions + by)


def rebuild(claims: list[Claim], evidence: Evidence) -> np.ndarray:
    """Forecast rebuilt from the words; of the evidence only the dates of the steps are used."""
    said = {claim.quantity: claim.words for claim in claims if "|" not in claim.kind}
    sign = {claim.quantity: claim.words in ("rises", "above") for claim in claims if "|" in claim.kind}
    calendar = evidence.calendar
    steps = calendar.steps(said["horizon.steps"]) or 0
    places = {calendar.key(evidence.moment(step)): step - 1 for step in range(steps, 0, -1)}

    def number(quantity: str) -> float:
        value = parse_number(said[quantity].split()[0])
        return value if sign.get(quantity, True) else -value

    def place(quantity: str) -> int:
        return places[calendar.parse(said[quantity]) or ""]

    time = np.arange(steps, dtype=np.float64)
    rebuilt = np.full(steps, number("horizon.mean"))
    if "trend.change" in said and "trend.slope" in said:
        rise = number("trend.change")
        rebuilt += rise * (time / (steps - 1) - 0.5)
    if "season.peak" in said:
        period = calendar.steps(said["season"].rpartition("season of ")[2]) or 1
        corners = [f"season.{name}" for name in ("peak", "trough", "turn", "second_turn") if f"season.{name}" in said]
        heights = [number(f"{corner}.value") for corner in corners]
        rebuilt += np.interp(time, [place(corner) for corner in corners], heights, period=period)
    elif "horizon.highest" in said:
        names = ("horizon.first", "horizon.last", "horizon.highest", "horizon.lowest")
        points = sorted({place(name): number(f"{name}.value") for name in names}.items())
        rebuilt = np.interp(time, *zip(*points, strict=True))
    return rebuilt


def _scale(evidence: Evidence) -> float:
    """Error of the seasonal naive in the history, at least a thousandth of its deviation; 0 for a constant."""
    period = evidence.periods[0] if evidence.periods else 1
    values = evidence.history.to_numpy()
    changes = np.abs(values[period:] - values[:-period])
    error = float(np.nanmean(changes)) if (~np.isnan(changes)).any() else 0.0
    deviation = float(np.nanstd(values))
    return max(error, 1e-3 * deviation) if deviation > 1e-9 * np.nanmax(np.abs(values)) else 0.0


def _number(claim: Claim) -> float:
    return parse_number(claim.words.split()[0])


def causes_right(explanation: Explanation, without: dict[str, float]) -> list[bool]:
    """Check the effects in the words against the model without the group of experts."""
    said = {(claim.quantity, "|" in claim.kind): claim for claim in explanation.claims}
    direction = said.get(("experts.first.effect", True))
    if direction is None:
        return []
    effect = _number(said["experts.first.effect", False]) * (1 if direction.words in ("less", "lower") else -1)
    moves = explanation.facts.horizon.mean - without[said["experts.first.name", False].words]
    return [abs(effect - moves) <= 0.51 * 10.0**explanation.facts.place]


def follow(explanation: Explanation, seed: int) -> tuple[list[bool], list[bool]]:
    """Move the forecast: check that new words follow its values, and that old ones are found wrong."""
    unit = 10.0**explanation.facts.place
    shift = 37 * unit
    after = explain_evidence(moved(explanation.evidence, shift), seed)
    before = {claim.quantity: _number(claim) for claim in explanation.claims if claim.quantity in _MOVING}
    follows = [
        abs(_number(claim) - before[claim.quantity] - shift) <= 1.0001 * unit
        for claim in after.claims
        if claim.quantity in before
    ]
    stale = check_text(explanation.text, after.evidence)
    return follows, [not claim.holds for claim in stale if claim.quantity in _MOVING]


def wording(explanation: Explanation) -> str:
    """The text without its claims."""
    words = explanation.text
    for claim in sorted(explanation.claims, key=lambda claim: -len(claim.words)):
        words = words.replace(claim.words, "_")
    return words


def score(cases: list[tuple[Evidence, dict[str, float]]], voice: Voice | None = None) -> dict[str, float]:
    """The row of a table."""
    right: dict[str, list[bool]] = {
        name: []
        for name in (
            "numeric claims right", "control", "other claims right", "their control", "causes right",
            "values that follow", "old values noticed",
        )
    }  # fmt: skip
    errors, counts, accepted, wordings = [], [], [], set()
    for position, (evidence, without) in enumerate(cases):
        explanation = explain_evidence(evidence, position, voice)
        if voice is not None:
            accepted.append(explanation.voice == voice.name)
        wordings.add(wording(explanation))
        counts.append(len(explanation.sentences))
        other, _ = cases[(position + 1) % len(cases)]
        foreign = check_text(explanation.text, replace(other, unit=evidence.unit))
        for claim, strange in zip(explanation.claims, foreign, strict=True):
            right["numeric claims right" if claim.numeric else "other claims right"].append(claim.holds)
            right["control" if claim.numeric else "their control"].append(strange.holds)
        right["causes right"] += causes_right(explanation, without)
        if voice is None:
            follows, noticed = follow(explanation, position)
            right["values that follow"] += follows
            right["old values noticed"] += noticed
        scale = _scale(evidence)
        if scale > 0:
            forecast = evidence.forecast["mean"].to_numpy()
            wrong = np.abs(rebuild(list(explanation.claims), evidence) - forecast).mean() / scale
            errors.append((wrong, np.abs(forecast - forecast.mean()).mean() / scale))
    pairs = np.array(errors)
    uneven = pairs[pairs[:, 1] > 1e-6]
    return {
        "cases": len(cases),
        **({} if voice is None else {"accepted": float(np.mean(accepted))}),
        **{name: float(np.mean(held)) for name, held in right.items() if held},
        "MASE rebuilt / of the mean": float(pairs[:, 0].mean() / pairs[:, 1].mean()),
        "median of cases": float(np.median(uneven[:, 0] / uneven[:, 1])),
        "sentences": float(np.mean(counts)),
        "wordings": len(wordings) / len(cases),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--voice", help="smollm2, or the name or folder of a chat model")
    options = parser.parse_args()
    torch.set_num_threads(1)
    start = time.process_time()
    model = TSFusionForForecasting.from_pretrained(BUILT_IN)
    voice = None if options.voice is None else load_voice(options.voice)
    rows = {f"seed {seed}": score(list(draw_cases(model, options.cases, seed)), voice) for seed in options.seeds}
    names = list(next(iter(rows.values())))
    lines = [["", *rows], *([name, *(f"{row[name]:.4g}" for row in rows.values())] for name in names)]
    print(markdown_table(align_columns(lines, right=True)))
    print(f"\n{time.process_time() - start:.0f} processor seconds")


if __name__ == "__main__":
    main()
