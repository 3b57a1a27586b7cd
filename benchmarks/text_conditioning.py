"""Whether texts move the forecast as they say: `python -m benchmarks.text_conditioning [--seeds 0 1 2]`.

Texts and series are synthetic, with the truth of what each text does by construction, see
`ts_llm_fusion.data.series.contexts`; those of the test share no phrase with those that the head was trained on.

`--sentences` scores instead all sentences without an effect of a split, each alone in its text.

`--seeds` trains the head anew for each seed by configs/fusion/context.yaml (in `--folder`, where it is not there yet);
without it the built-in checkpoint is scored. `--split validation` scores the phrasings and numbers of the validation
instead, which settings and threshold were chosen by. `--alone` scores each head of the built-in checkpoint by itself.
`--averaged` adds a model whose head averages the probabilities of those of all the others, as of one that is trained
with `add_reader`. For each model it prints

- the share of the oracle's gain in CRPS, pooled and median, in distribution, on held-out numbers and on held-out
  phrasings: the oracle applies the true operations to the same numeric forecast; and the share by family;
- the harm of texts without any effect, as a share of the CRPS without a text;
- the 90 % intervals of these two, by bootstrap of the texts: few of them make most of either;
- slope and R2 of the change that the text makes against the true change, by counterfactual twins, and the same of the
  oracle;
- coverage of the 80 % band with text, and of the twins without; the change of the CRPS by the text of another example;
- the seconds of processor time of a text of 40 tokens, and whether a text without effect changes any bit;
- with `TS_LLM_FUSION_DATA_DIR`, which names a folder with text/truce.jsonl: the harm of captions of the past, which
  people wrote.
"""

import argparse
import gzip
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ts_llm_fusion import BUILT_IN
from ts_llm_fusion.data.series.context_grammar import FAMILIES, grammar_of
from ts_llm_fusion.data.series.context_writer import Effect
from ts_llm_fusion.data.series.contexts import Example, draw_example, draw_silent
from ts_llm_fusion.evaluation.quantile_metrics import in_interval, pinball_loss
from ts_llm_fusion.evaluation.report import align_columns, markdown_table
from ts_llm_fusion.forecasting import load_forecaster
from ts_llm_fusion.modeling import modeling_text_encoder
from ts_llm_fusion.modeling.configuration_tsfusion import TSFusionConfig
from ts_llm_fusion.modeling.modeling_tsfusion import TSFusionForForecasting
from ts_llm_fusion.modeling.modeling_tsfusion_context_conflicts import without_contradictions
from ts_llm_fusion.modeling.modeling_tsfusion_context_effects import ContextEffect, apply_contexts
from ts_llm_fusion.processing.context_features import prepare_context
from ts_llm_fusion.recipes.fusion_context import ContextArguments, run_context_recipe, with_readers
from ts_llm_fusion.training.fusion_context import FusionContextTrainingArguments

LEVELS = np.arange(0.1, 0.91, 0.1)
# Seed of the texts that are scored; those of training have the seeds of the recipe.
SEED = 1000
_BATCH = 32
# Most harm on the validation at a threshold that is chosen.
_MOST_HARM = 0.02
# Draws of the bootstrap.
_DRAWS = 2000
# Least gain of the oracle, in CRPS over the mean of the history, for a share of an example.
_LEAST_GAIN = 1e-3


@dataclass
class Scored:
    """Forecasts of an example without text, with it, by the oracle, and with the text of another.

    Args:
        example: scored.
        scale: mean absolute value of its history.
        quantiles: by name, (horizon, levels).
        chosen: operations that were applied.
    """

    example: Example
    scale: float
    quantiles: dict[str, np.ndarray]
    chosen: list[ContextEffect]

    def crps(self, name: str) -> float:
        """Mean pinball loss over steps and levels, doubled, over the scale."""
        error = self.example.future[:, None] - self.quantiles[name]
        return float(2 * pinball_loss(error, LEVELS).mean() / self.scale)


def features_of(example: Example, text: str) -> dict[str, Any]:
    """Features of a text for the series of an example."""
    stamps, names = example.calendar.timestamps, (example.names, example.others)
    return prepare_context(text, example.history, len(example.future), stamps, *names)[1]


def _as_context_effect(effect: Effect, history: int) -> ContextEffect:
    """The true effect as the model would choose it."""
    edges = np.flatnonzero(np.diff(np.pad(effect.steps, 1).astype(np.int8))) - history
    runs = tuple((int(a), int(b)) for a, b in edges.reshape(-1, 2))
    return ContextEffect(effect.operation, "", (0, 0), effect.operands, "", runs, effect.weekday, 1.0)


def _padded(values: Sequence[np.ndarray]) -> Tensor:
    """Series (batch, time, 1) that end together, NaN before the start of each."""
    longest = max(map(len, values))
    rows = [np.concatenate((np.full(longest - len(row), np.nan), row)) for row in values]
    return torch.tensor(np.stack(rows))[..., None]


def _batches(examples: Sequence[Example]) -> Iterator[list[Example]]:
    """Examples of the same frequency and horizon, and of similar lengths."""
    ordered = sorted(examples, key=lambda one: (one.calendar.freq, len(one.future), len(one.history)))
    for _, group in groupby(ordered, key=lambda one: (one.calendar.freq, len(one.future))):
        some = list(group)
        yield from (some[k : k + _BATCH] for k in range(0, len(some), _BATCH))


@torch.no_grad()
def score(model: TSFusionForForecasting, examples: Sequence[Example], swapped: bool = False) -> list[Scored]:
    """Forecast examples without and with text, and by the oracle."""
    others = {id(one): examples[(k + 1) % len(examples)].text for k, one in enumerate(examples)}
    scored = []
    for batch in _batches(examples):
        values = _padded([one.history for one in batch])
        horizon, width = len(batch[0].future), values.shape[1]
        given: dict[str, Any] = {"prediction_length": horizon, "quantile_levels": LEVELS.round(1).tolist()}
        plain = model.predict(values, **given)
        read = model.predict(values, context=[features_of(one, one.text) for one in batch], **given)
        forecasts = {"none": plain.full_predictions, "text": read.full_predictions}
        if swapped:
            contexts = [features_of(one, others[id(one)]) for one in batch]
            forecasts["swapped"] = model.predict(values, context=contexts, **given).full_predictions
        true = [
            without_contradictions([_as_context_effect(effect, len(one.history)) for effect in one.effects])
            for one in batch
        ]
        mask = ~values.isnan()
        for row, effects in enumerate(true):
            for effect in effects:
                for first, last in effect.steps if effect.operation == "ignore" else ():
                    mask[row, width + first : width + min(last, 0)] = False
        base = model.predict(values.nan_to_num(), mask, **given)
        weekdays: list[Mapping[str, Any]] = [
            {
                "weekday": np.array(one.calendar.timestamps.day_of_week),
                "day_length": {"h": 24, "D": 1}.get(one.calendar.freq, 0),
            }
            for one in batch
        ]
        forecasts["oracle"] = apply_contexts(
            true, weekdays, (base.mean_predictions, base.full_predictions), values, mask, base.seasonal_periods
        )[1]
        for row, one in enumerate(batch):
            quantiles = {name: found[row, :, 0].double().numpy() for name, found in forecasts.items()}
            done = [effect for effect in (read.context_effects or [])[row] if effect.applied]
            scored.append(Scored(one, float(np.abs(one.history).mean()) or 1.0, quantiles, done))
    return scored


def shares(scored: Sequence[Scored]) -> tuple[float, float]:
    """Share of the oracle's gain in CRPS: pooled, and the median over examples in which it gains."""
    gains = np.array([(one.crps("none") - one.crps("text"), one.crps("none") - one.crps("oracle")) for one in scored])
    useful = gains[:, 1] > _LEAST_GAIN
    return gains[:, 0].sum() / gains[:, 1].sum(), float(np.median(gains[useful, 0] / gains[useful, 1]))


def harm(scored: Sequence[Scored], name: str = "text") -> float:
    """Change of the pooled CRPS by the text, as a share of that without."""
    return sum(one.crps(name) for one in scored) / sum(one.crps("none") for one in scored) - 1


def interval(scored: Sequence[Scored], best: str) -> tuple[float, float]:
    """5 % and 95 % quantiles of a pooled share or harm over draws of as many examples, with replacement.

    Args:
        scored: examples.
        best: forecasts whose gain the share is of, "oracle"; "" for the harm, which is of the CRPS without a text.
    """
    plain = np.array([one.crps("none") for one in scored])
    gains = plain - np.array([one.crps("text") for one in scored])
    whole = plain - np.array([one.crps(best) for one in scored]) if best else -plain
    drawn = np.random.default_rng(SEED).integers(len(plain), size=(_DRAWS, len(plain)))
    low, high = np.quantile(gains[drawn].sum(1) / whole[drawn].sum(1), (0.05, 0.95))
    return float(low), float(high)


def slope_of_twins(scored: Sequence[Scored], name: str = "text") -> tuple[float, float]:
    """Slope and R2, through the origin, of the mean change of the median against the mean true change, over the scale.

    Of examples whose future an effect changes; the mean is over the steps that it is stated for.
    """
    found = []
    for one in scored:
        steps = np.zeros(len(one.example.future), dtype=bool)
        for effect in one.example.effects:
            steps |= effect.steps[len(one.example.history) :]
        true = (one.example.future - one.example.twin)[steps]
        if len(true) and true.any():
            moved = (one.quantiles[name] - one.quantiles["none"])[steps][:, len(LEVELS) // 2]
            found.append((true.mean() / one.scale, moved.mean() / one.scale))
    x, y = np.array(found).T
    slope = (x @ y) / (x @ x)
    return float(slope), float(1 - ((y - slope * x) ** 2).sum() / ((y - y.mean()) ** 2).sum())


def covered(scored: Sequence[Scored], name: str, future: str = "future") -> float:
    """Share of values in the 80 % band: of the future, or of the twin that no effect changes."""
    hits = [
        in_interval(getattr(one.example, future), one.quantiles[name][:, 0], one.quantiles[name][:, -1])
        for one in scored
    ]
    return float(np.concatenate(hits).mean())


def seconds_of_a_text(model: TSFusionForForecasting) -> float:
    """Processor seconds that a new text of about 40 tokens adds to a forecast."""
    examples = [draw_example(SEED + 1, number, families=2) for number in range(8)]
    encoder = modeling_text_encoder.load_text_encoder(str(model.config.text_encoder), model.config.text_layer)
    encoder.states(["A text before the clock runs."])
    words, spent = 0, 0.0
    for example in examples:
        values, horizon = torch.tensor(example.history)[None, :, None], len(example.future)
        began = time.process_time()
        features = features_of(example, example.text)
        model.predict(values, prediction_length=horizon, context=[features])
        middle = time.process_time()
        model.predict(values, prediction_length=horizon)
        spent += 2 * middle - began - time.process_time()
        words += sum(len(one.states) for one in encoder.states(features["texts"]))
    return spent / words * 40


def truce(path: Path) -> list[tuple[np.ndarray, list[str]]]:
    """Series of TRUCE with their captions by people."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    rows = [json.loads(line) for line in data.splitlines()]
    return [(np.asarray(row["series"], dtype=np.float64), row["captions"]) for row in rows if row["split"] == "test"]


def score_truce(model: TSFusionForForecasting, path: Path, count: int = 400) -> tuple[float, float]:
    """Share of forecasts of the last quarter that a caption of the whole series moves, and the harm in MAE."""
    moved, errors = [], []
    for series, captions in islice(truce(path), count):
        cut = 3 * len(series) // 4
        history, future = series[:cut], series[cut:]
        features = prepare_context(". ".join(captions), history, len(future), None)[1]
        values = torch.tensor(history)[None, :, None]
        plain = model.predict(values, prediction_length=len(future)).mean_predictions[0, :, 0].numpy()
        read = model.predict(values, prediction_length=len(future), context=[features])
        forecast = read.mean_predictions[0, :, 0].numpy()
        moved.append(not np.array_equal(forecast, plain))
        scale = np.abs(np.diff(series)).mean() or 1.0
        errors.append((np.abs(plain - future).mean() / scale, np.abs(forecast - future).mean() / scale))
    before, after = np.array(errors).mean(0)
    return float(np.mean(moved)), float(after / before - 1)


def stating(count: int, phrasings: str = "train", numbers: str = "train", named: bool = True) -> list[Example]:
    """Examples with effects, of a split of phrasings and one of numbers, with or without the names of their series."""
    examples = (draw_example(SEED, number, phrasings, numbers) for number in range(4 * count))
    return [_named(one, named) for one in islice((one for one in examples if one.effects), count)]


def silent(count: int, phrasings: str = "train", named: bool = True) -> list[Example]:
    """Examples whose texts state no effect."""
    return [_named(draw_example(SEED, number, phrasings, families=0), named) for number in range(count)]


def _named(example: Example, named: bool) -> Example:
    return example if named else replace(example, names=(), others=())


def threshold_of(
    model: TSFusionForForecasting, count: int, thresholds: Sequence[float] = (0.5, 0.65, 0.8), named: bool = True
) -> tuple[float, dict[str, float]]:
    """The threshold with the largest share on the validation of those that do at most 2 % of harm, and all of each.

    Where all do more, it is that of the least harm.
    """
    examples = stating(count, "validation", named=named)
    without = silent(count, "validation", named)
    found, before = {}, model.config.context_threshold
    for threshold in thresholds:
        model.config.context_threshold = threshold
        scored = score(model, examples)
        found[threshold] = shares(scored)[0], harm(score(model, without)), *slope_of_twins(scored)
    model.config.context_threshold = before
    harmless = [one for one in thresholds if found[one][1] <= _MOST_HARM]
    best = max(harmless, key=lambda one: found[one][0]) if harmless else min(found, key=lambda one: found[one][1])
    rows = {}
    for one, values in found.items():
        names = ("share", "harm", "slope of twins", "R2 of twins")
        rows |= {f"validation, {name} at {one:g}": float(value) for name, value in zip(names, values, strict=True)}
    return best, rows | {"threshold": best}


def evaluate(model: TSFusionForForecasting, count: int, split: str) -> dict[str, float]:
    """All numbers of a model by their name; shares by family with the prefix `family `."""

    results: dict[str, float] = {}
    unseen = score(model, stating(count, split), swapped=True)
    sets = {
        "in distribution": score(model, stating(count)),
        "held-out numbers": score(model, stating(count, "train", split)),
        "held-out phrasings": unseen,
    }
    for name, scored in sets.items():
        results[f"share, {name}"], results[f"median share, {name}"] = shares(scored)
        results[f"share, {name}, 5 %"], results[f"share, {name}, 95 %"] = interval(scored, "oracle")
    quiet, denied = score(model, silent(count)), score(model, silent(count, split))
    for name, scored in {"in distribution": quiet, "held-out": denied}.items():
        results[f"harm, {name}"] = harm(scored)
        results[f"harm, {name}, 5 %"], results[f"harm, {name}, 95 %"] = interval(scored, "")
    results["slope of twins"], results["R2 of twins"] = slope_of_twins(unseen)
    results["slope of the oracle"], results["R2 of the oracle"] = slope_of_twins(unseen, "oracle")
    both = [*unseen, *sets["in distribution"]]
    results["coverage of twins, without text"] = covered(both, "none", "twin")
    results["coverage with text"], results["coverage of the oracle"] = covered(both, "text"), covered(both, "oracle")
    results["swapped text"] = harm(unseen, "swapped")
    untouched = [one for one in (*quiet, *denied) if not one.chosen]
    results["bits changed without an effect"] = float(
        sum((one.quantiles["text"] != one.quantiles["none"]).sum() for one in untouched)
    )
    for family in FAMILIES:
        own = [one for one in unseen if {effect.family for effect in one.example.effects} == {family}]
        gains = np.array(
            [(one.crps("none") - one.crps("text"), one.crps("none") - one.crps("oracle")) for one in own]
        ).reshape(-1, 2)
        gained = gains.sum(0)
        results[f"family {family}"] = gained[0] / gained[1] if gained[1] > _LEAST_GAIN * len(own) else np.nan
    return results


def sentence_by_sentence(model: TSFusionForForecasting, split: str) -> dict[str, float]:
    """How many of all sentences without an effect of a split are taken for one, each alone, and the harm of them."""
    frames = [(kind, frame) for kind, some in grammar_of(split).no_effect.items() for frame in some]
    scored = score(model, [draw_silent(SEED, number, split, *one) for number, one in enumerate(frames)])
    return {
        "sentences without an effect": len(scored),
        "taken for one": sum(bool(one.chosen) for one in scored),
        "harm": harm(scored),
    }


def trained(seed: int, folder: Path, settings: ContextArguments) -> Path:
    """Folder of the checkpoint of a seed, which is trained where it is not there yet."""
    output = folder / f"seed_{seed}"
    if not (output / "model.safetensors").is_file():
        run_context_recipe(settings, FusionContextTrainingArguments(output_dir=str(output), seed=seed))
    return output


def averaged(names: Sequence[str], output: Path) -> str:
    """Checkpoint of the last of some models with the heads of all of them."""
    models = [load_forecaster(name)[0] for name in names]
    heads = [reader for model in models[:-1] for reader in model.context_head.readers()]
    with_readers(models[-1], heads).save_pretrained(output)
    load_forecaster(names[-1])[1].save_pretrained(output)
    return str(output)


def alone(model: TSFusionForForecasting) -> list[TSFusionForForecasting]:
    """A model for each head of one, with the same numeric part and threshold."""
    assert model.context_head is not None
    found = []
    for reader in model.context_head.readers():
        single = TSFusionForForecasting(TSFusionConfig(**{**model.config.to_diff_dict(), "context_readers": 1}))
        single.model.load_state_dict(model.model.state_dict())
        single.head.load_state_dict(model.head.state_dict())
        assert single.context_head is not None
        own = {name: weights for name, weights in reader.state_dict().items() if not name.startswith("others.")}
        single.context_head.load_state_dict(own)
        found.append(single.eval())
    return found


def main() -> None:
    """Score the models and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="*", default=[], help="seeds of heads to train and score")
    parser.add_argument("--folder", type=Path, default=Path("outputs/text_conditioning"), help="of their checkpoints")
    parser.add_argument("--model", nargs="*", default=[], help="checkpoints to score")
    parser.add_argument("--averaged", action="store_true", help="score the mean of all heads, too")
    parser.add_argument("--alone", action="store_true", help="score each head of the built-in checkpoint alone")
    parser.add_argument("--count", type=int, default=300, help="examples of each set")
    parser.add_argument("--threshold", type=float, help="of the choice of an operation; that of the model by default")
    parser.add_argument(
        "--thresholds", type=float, nargs="+", help="compare these on the validation, and score no test"
    )
    parser.add_argument("--unnamed", action="store_true", help="compare them without the names of the series")
    parser.add_argument("--split", default="test", choices=("test", "validation"))
    parser.add_argument("--sentences", action="store_true", help="score all sentences without an effect, one by one")
    options = parser.parse_args()
    names = [str(trained(seed, options.folder, ContextArguments())) for seed in options.seeds]
    names += options.model or ([] if names else [BUILT_IN])
    if options.averaged:
        names.append(averaged(names, options.folder / "averaged"))
    models = {name: load_forecaster(name)[0] for name in names}
    if options.alone:
        models = {f"head {k}": single for k, single in enumerate(alone(load_forecaster(BUILT_IN)[0]))}
    columns = {}
    for name, model in models.items():
        assert isinstance(model, TSFusionForForecasting)
        if options.thresholds:
            columns[Path(name).name] = threshold_of(
                model.eval(), options.count, options.thresholds, not options.unnamed
            )[1]
            continue
        model.config.context_threshold = options.threshold or model.config.context_threshold
        if options.sentences:
            columns[Path(name).name] = sentence_by_sentence(model.eval(), options.split)
            continue
        columns[Path(name).name] = evaluate(model.eval(), options.count, options.split)
        columns[Path(name).name]["seconds of 40 tokens"] = seconds_of_a_text(model)
        data = os.environ.get("TS_LLM_FUSION_DATA_DIR")
        for file in (Path(data, "text/truce.jsonl"), Path(data, "text/truce.jsonl.gz")) if data else ():
            if file.is_file():
                columns[Path(name).name] |= dict(
                    zip(("forecasts of TRUCE moved", "harm of TRUCE"), score_truce(model, file), strict=True)
                )
    lines = [["", *columns]]
    lines += [[row, *(f"{values[row]:.3f}" for values in columns.values())] for row in next(iter(columns.values()))]
    print(markdown_table(align_columns(lines, right=True)))


if __name__ == "__main__":
    main()
