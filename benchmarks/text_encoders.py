"""Which text encoder reads best, at what cost: `python -m benchmarks.text_encoders --seeds 0 1 2`.

For each encoder and seed, the head that reads texts is trained by configs/fusion/context.yaml and scored as by
`benchmarks.text_conditioning`. Encoders are all-MiniLM-L6-v2 with the low-rank additions of the recipe ("adapted"),
the same as it is, its fourth layer, the tenth layer of SmolLM2-135M-Instruct, the states of MiniLM and SmolLM2 side by
side, and bags of hashed words. Texts are grounded once for all, and encoded once for encoders that are not adapted;
heads are trained and scored in processes of one thread each, on an accelerator where there is one.

Printed are means over seeds with the least and the largest value: first of the validation, by which a threshold for
each head and the encoder are chosen, then of the test at that threshold. The numbers of each seed are in results.json
in `--folder`, beside the checkpoints. Seconds are those of processor time of a text of 40 tokens on one thread, with
the grounding.
"""

import argparse
import json
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import fields
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest import mock

import torch
import yaml

from benchmarks.text_conditioning import SEED, evaluate, features_of, seconds_of_a_text, threshold_of
from ts_llm_fusion.data.series.contexts import draw_example
from ts_llm_fusion.evaluation.report import align_columns, markdown_table
from ts_llm_fusion.forecasting import load_forecaster
from ts_llm_fusion.modeling import modeling_text_encoder
from ts_llm_fusion.modeling.modeling_text_encoder import TokenStates, load_text_encoder
from ts_llm_fusion.modeling.modeling_tsfusion import TSFusionForForecasting
from ts_llm_fusion.recipes import fusion_context
from ts_llm_fusion.recipes.fusion_context import ContextArguments, context_items, run_context_recipe
from ts_llm_fusion.training.fusion_context import FusionContextTrainingArguments

_MINILM = ("sentence-transformers/all-MiniLM-L6-v2", None)
_SMOLLM2 = ("HuggingFaceTB/SmolLM2-135M-Instruct", 10)
_LOADED = {"adapted": _MINILM, "minilm": _MINILM, "minilm4": (_MINILM[0], 4), "smollm2": _SMOLLM2}
ENCODERS = (*_LOADED, "both", "hashed")
# Texts that a process grounds at once, and clauses that are encoded at once.
_CHUNK, _ENCODED = 250, 4096


class HashedWords:
    """A bag of words: each has a random state of its own, whatever stands around it."""

    hidden_size = 384

    def states(self, texts: Sequence[str], adapter: None = None) -> list[TokenStates]:
        """Encode texts, as `FrozenTextEncoder`."""
        found = []
        for text in texts:
            words = list(re.finditer(r"\w+|[^\w\s]", text))
            places = torch.tensor([word.span() for word in words], dtype=torch.int64).reshape(-1, 2)
            states = torch.empty(len(words), self.hidden_size)
            for row, word in zip(states, words, strict=True):
                seed = zlib.crc32(word.group().lower().encode())
                row.normal_(generator=torch.Generator().manual_seed(seed))
            found.append(TokenStates(states, places))
        return found


class SideBySide:
    """States of the tokens of an encoder, each with the mean of those of another that it overlaps."""

    def __init__(self, first: Any, second: Any):
        self.first, self.second = first, second
        self.hidden_size = first.hidden_size + second.hidden_size

    def states(self, texts: Sequence[str], adapter: None = None) -> list[TokenStates]:
        """Encode texts, as `FrozenTextEncoder`."""
        found = []
        for one, other in zip(self.first.states(texts), self.second.states(texts), strict=True):
            starts, ends = one.offsets.T[..., None]
            weights = ((other.offsets[:, 0] < ends) & (other.offsets[:, 1] > starts)).to(other.states.dtype)
            weights = weights / weights.sum(1, keepdim=True).clamp(min=1)
            found.append(TokenStates(torch.cat((one.states, weights @ other.states), 1), one.offsets))
        return found


class Stored:
    """Encoder whose states of many texts are in a file.

    Args:
        encoder: for other texts.
        path: from `write`; read as it is needed, so that processes share it.
    """

    def __init__(self, encoder: Any, path: Path):
        self.encoder, self.hidden_size = encoder, encoder.hidden_size
        found = torch.load(path, mmap=True, weights_only=True)
        self.flat = TokenStates(found["states"], found["offsets"])
        ends = found["lengths"].cumsum(0).tolist()
        self.places = dict(zip(found["texts"], zip([0, *ends], ends, strict=False), strict=True))

    @staticmethod
    def write(encoder: Any, texts: Sequence[str], path: Path) -> None:
        """Encode texts, and keep their states in float16."""
        encoded: list[TokenStates] = []
        for start in range(0, len(texts), _ENCODED):
            some = encoder.states(texts[start : start + _ENCODED])
            encoded += [TokenStates(one.states.half(), one.offsets) for one in some]
        states, offsets = (torch.cat(column) for column in zip(*encoded, strict=True))
        lengths = torch.tensor([len(one.offsets) for one in encoded])
        torch.save({"texts": list(texts), "states": states, "offsets": offsets, "lengths": lengths}, path)

    def states(self, texts: Sequence[str], adapter: None = None) -> list[TokenStates]:
        """Encode texts, as `FrozenTextEncoder`."""
        new = [text for text in dict.fromkeys(texts) if text not in self.places]
        others = dict(zip(new, self.encoder.states(new), strict=True))
        return [others.get(text) or self._stored(*self.places[text]) for text in texts]

    def _stored(self, first: int, last: int) -> TokenStates:
        return TokenStates(self.flat.states[first:last].float(), self.flat.offsets[first:last])


def make_encoder(name: str, folder: Path | None = None) -> Any:
    """One of `ENCODERS`; with a folder, with the states that are stored there."""
    if name == "both":
        return SideBySide(make_encoder("minilm", folder), make_encoder("smollm2", folder))
    encoder = HashedWords() if name == "hashed" else load_text_encoder(*_LOADED[name])
    path = folder and folder / f"{name}.pt"
    return Stored(encoder, path) if path is not None and path.is_file() else encoder


@contextmanager
def in_use(encoder: Any, items: Sequence[dict[str, Any]] = ()) -> Iterator[None]:
    """Let recipes and models read by this encoder, whatever name they know, and train on these texts."""
    with (
        mock.patch.object(fusion_context, "context_items", lambda seed, numbers: items),
        mock.patch.object(modeling_text_encoder, "load_text_encoder", lambda name, layer=None: encoder),
        mock.patch.object(fusion_context, "load_text_encoder", lambda name, layer=None: encoder),
    ):
        yield


def _start_worker() -> None:
    torch.set_num_threads(1)


def _clauses(seed: int, places: range, phrasings: str, numbers: str, families: int | None) -> set[str]:
    """Words of the clauses of some texts."""
    examples = (draw_example(seed, number, phrasings, numbers, families) for number in places)
    return {words for one in examples for words in features_of(one, one.text)["texts"]}


def _settings(texts: int | None, epochs: float | None = None) -> tuple[ContextArguments, dict[str, Any]]:
    """Settings of the recipe, and the arguments of its training."""
    recipe = yaml.safe_load(Path("configs/fusion/context.yaml").read_text(encoding="utf-8"))
    recipe |= {} if texts is None else {"texts": texts}
    recipe |= {} if epochs is None else {"num_train_epochs": epochs}
    own = {one.name for one in fields(ContextArguments)}
    settings = ContextArguments(**{name: value for name, value in recipe.items() if name in own})
    return settings, {name: value for name, value in recipe.items() if name not in own}


def train_and_score(
    name: str,
    seed: int,
    folder: Path,
    texts: int | None,
    epochs: float | None,
    count: int,
    items: Sequence[dict[str, Any]],
) -> dict[str, float]:
    """Numbers of the head of an encoder and a seed, trained on some texts where its checkpoint is not there yet."""
    settings, arguments = _settings(texts, epochs)
    settings.text_encoder, settings.text_layer = _LOADED.get(name, _MINILM)
    settings.text_adapter_rank = settings.text_adapter_rank if name == "adapted" else 0
    output = folder / f"{name}_{seed}"
    with in_use(make_encoder(name, folder), items):
        if not (output / "model.safetensors").is_file():
            given = {**arguments, "output_dir": str(output), "seed": seed, "disable_tqdm": True}
            run_context_recipe(settings, FusionContextTrainingArguments(**given))
        model, _ = load_forecaster(output)
        assert isinstance(model, TSFusionForForecasting)
        model.config.context_threshold, results = threshold_of(model.eval(), count)
        results |= evaluate(model, count, "test")
    with in_use(make_encoder(name)):
        results["seconds of 40 tokens"] = seconds_of_a_text(model)
    return results


def main() -> None:
    """Train and score the heads and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoders", nargs="+", default=list(ENCODERS), choices=ENCODERS, help="that are compared")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="seeds of their heads")
    parser.add_argument("--folder", type=Path, default=Path("outputs/text_encoders"), help="of the checkpoints")
    parser.add_argument("--texts", type=int, help="to train on; those of the recipe by default")
    parser.add_argument("--epochs", type=float, help="passes over them; those of the recipe by default")
    parser.add_argument("--count", type=int, default=120, help="examples of each set")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    settings, _ = _settings(options.texts)
    given = options.texts, options.epochs, options.count
    sets = []
    for phrasings, numbers in (("train", "train"), ("validation", "train"), ("test", "train"), ("train", "test")):
        sets += [(SEED, 2 * options.count, phrasings, numbers, None), (SEED, options.count, phrasings, numbers, 0)]
    chunks = [
        (seed, range(start, min(start + _CHUNK, count)), *rest)
        for seed, count, *rest in sets
        for start in range(0, count, _CHUNK)
    ]
    parts = [range(start, min(start + _CHUNK, settings.texts)) for start in range(0, settings.texts, _CHUNK)]
    with ProcessPoolExecutor(options.jobs, get_context("spawn"), _start_worker) as pool:
        clauses = set().union(*pool.map(_clauses, *zip(*chunks, strict=True)))
        items = [item for some in pool.map(context_items, repeat(settings.texts_seed), parts) for item in some]
        clauses |= {words for item in items for words in item["texts"]}
        stored = {*options.encoders, *(("minilm", "smollm2") if "both" in options.encoders else ())}
        for name in sorted(stored - {"adapted", "both", "hashed"}):
            encoder = make_encoder(name)
            encoder.model.to("cuda" if torch.cuda.is_available() else "cpu")
            Stored.write(encoder, sorted(clauses, key=len), options.folder / f"{name}.pt")
            encoder.model.cpu()
        runs = {
            pool.submit(train_and_score, name, seed, options.folder, *given, items): (name, seed)
            for name in options.encoders
            for seed in options.seeds
        }
        scores: dict[tuple[str, int], dict[str, float]] = {}
        for run in as_completed(runs):
            scores[runs[run]] = run.result()
            # A run that is stopped leaves what is done.
            text = json.dumps({f"{name} {seed}": score for (name, seed), score in sorted(scores.items())}, indent=1)
            (options.folder / "results.json").write_text(text + "\n", encoding="utf-8")
    lines = [["", *options.encoders]]
    for row in next(iter(scores.values())):
        cells = []
        for name in options.encoders:
            own = [scores[name, seed][row] for seed in options.seeds]
            cells.append(f"{sum(own) / len(own):.3f} ({min(own):.3f} to {max(own):.3f})")
        lines.append([row, *cells])
    print(markdown_table(align_columns(lines, right=True)))


if __name__ == "__main__":
    main()
