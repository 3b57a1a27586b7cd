"""Recipe of the part of TSFusion that reads texts: from synthetic texts to a checkpoint with a head for them."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transformers import set_seed

from ..data.series.context_notes import NOTES_SERIES, note_item, training_notes
from ..data.series.context_targets import context_targets
from ..data.series.contexts import draw_example
from ..errors import UserError
from ..families import BUILT_IN_NAME, checkpoint_place
from ..forecasting import load_forecaster
from ..modeling.configuration_tsfusion import TSFusionConfig
from ..modeling.modeling_text_adapter import adapted_maps
from ..modeling.modeling_text_encoder import load_text_encoder
from ..modeling.modeling_tsfusion import TSFusionForForecasting
from ..modeling.modeling_tsfusion_context import ContextHead
from ..processing.context_features import prepare_context
from ..requirements import versions
from ..training.fusion_context import ContextDataset, FusionContextTrainingArguments, train_fusion_context
from ..training.run_time import earlier_processor_seconds
from .endings import finish_run, save_run, saved_report
from .fusing import in_few_bits
from .run_folder import start_run

_PACKAGES = ("transformers", "numpy")


@dataclass
class ContextArguments:
    """Forecaster to give a head for texts, its text encoder, and the synthetic texts to train on."""

    start: str = field(
        default=BUILT_IN_NAME, metadata={"help": "Folder or Hub name of the TSFusion forecaster that gets the head."}
    )
    text_encoder: str = field(
        default="sentence-transformers/all-MiniLM-L6-v2", metadata={"help": "Hub name of the frozen text encoder."}
    )
    text_layer: int | None = field(
        default=None, metadata={"help": "Layer of it whose output is read, counted from 1; the last one by default."}
    )
    texts: int = field(default=110000, metadata={"help": "Synthetic texts."})
    texts_seed: int = field(default=0, metadata={"help": "Seed of the texts; that of the head is `seed`."})
    note_repeats: int = field(
        default=5, metadata={"help": "Times that each note of several effects is among the texts."}
    )
    context_hidden_size: int = field(default=128, metadata={"help": "Width of the head."})
    context_dropout: float = field(default=0.15, metadata={"help": "Dropout in its training."})
    context_cues: bool = field(
        default=True, metadata={"help": "Whether the head sees hints of single words, and neighboring clauses."}
    )
    text_adapter_rank: int = field(
        default=8, metadata={"help": "Rank of the additions to the text encoder that are trained; 0 for none."}
    )
    context_threshold: float = field(
        default=0.7, metadata={"help": "Probability from which on an operation is applied."}
    )
    add_reader: bool = field(
        default=False,
        metadata={"help": "Keep the head of the forecaster, and average its probabilities with those of the new one."},
    )
    tune_head: bool = field(
        default=False, metadata={"help": "Go on with the head of the forecaster instead of beginning with a new one."}
    )

    tune_share: float = field(
        default=1.0,
        metadata={
            "help": "Share of the way from the weights of the head before to those of the one trained further that is "
            "gone in the end (WiSE-FT, arXiv 2109.01903)."
        },
    )

    def __post_init__(self):
        if not 0 < self.tune_share <= 1:
            raise UserError(f"tune_share is {self.tune_share}; give more than 0, and 1 at most.")
        if self.tune_share < 1 and not self.tune_head:
            raise UserError(f"tune_share is {self.tune_share}, and tune_head false; a new head has none before.")
        if self.texts < 1:
            raise UserError(f"texts is {self.texts}; at least 1 is needed.")
        if self.note_repeats < 0:
            raise UserError(f"note_repeats is {self.note_repeats}; give 0 or more.")
        if self.add_reader and self.tune_head:
            raise UserError("add_reader and tune_head are both true; a head is kept as it is, or trained further.")


# Settings of the recipe.
CONTEXT_SETTINGS = (ContextArguments, FusionContextTrainingArguments)


def context_items(seed: int, numbers: range) -> list[dict[str, Any]]:
    """Features and targets of texts of a stream to train on; see `draw_example`."""
    items = []
    for number in numbers:
        example = draw_example(seed, number)
        grounding, features = prepare_context(
            example.text,
            example.history,
            len(example.future),
            example.calendar.timestamps,
            example.names,
            example.others,
        )
        items.append(features | context_targets(example, grounding, features))
    return items


def with_context_head(model: TSFusionForForecasting, settings: ContextArguments) -> TSFusionForForecasting:
    """The forecaster with the same numeric part, and a head for texts that is not trained."""
    encoder = load_text_encoder(settings.text_encoder, settings.text_layer)
    config = TSFusionConfig(
        **{
            **model.config.to_diff_dict(),
            "text_encoder": settings.text_encoder,
            "text_layer": settings.text_layer,
            "text_hidden_size": encoder.hidden_size,
            "text_adapter_maps": adapted_maps(encoder.model) if settings.text_adapter_rank else None,
            "text_adapter_rank": settings.text_adapter_rank or 8,
            "context_hidden_size": settings.context_hidden_size,
            "context_dropout": settings.context_dropout,
            "context_cues": settings.context_cues,
            "context_threshold": settings.context_threshold,
            "context_readers": 1,
        }
    )
    grown = TSFusionForForecasting(config)
    grown.model.load_state_dict(model.model.state_dict())
    grown.head.load_state_dict(model.head.state_dict())
    return grown


def _check_readers(start: TSFusionForForecasting, settings: ContextArguments) -> None:
    """Raise a ValueError where a head is of another kind than that of the forecaster, or there are many to tune."""
    option = "tune_head" if settings.tune_head else "add_reader"
    if start.context_head is None:
        raise UserError(f"start is {settings.start}, which has no head for texts; leave {option} out.")
    if settings.tune_head and start.config.context_readers > 1:
        raise UserError(
            f"start is {settings.start}, which averages {start.config.context_readers} heads; tune_head goes on with "
            "one, so tune each of them before they are joined."
        )
    maps, rank = start.config.text_adapter_maps, start.config.text_adapter_rank
    has = {
        "text_encoder": start.config.text_encoder,
        "text_layer": start.config.text_layer,
        "context_hidden_size": start.config.context_hidden_size,
        "context_cues": start.config.context_cues,
        "text_adapter_rank": rank if maps else 0,
    }
    for name, value in has.items():
        given = getattr(settings, name)
        if given != value:
            raise UserError(f"{name} is {given}, and {value} of the head that {settings.start} has; give {value}.")


def with_readers(model: TSFusionForForecasting, earlier: Sequence[ContextHead]) -> TSFusionForForecasting:
    """The forecaster with earlier heads for texts before its own, whose probabilities are averaged."""
    assert model.context_head is not None
    heads = [*earlier, *model.context_head.readers()]
    grown = TSFusionForForecasting(TSFusionConfig(**{**model.config.to_diff_dict(), "context_readers": len(heads)}))
    grown.model.load_state_dict(model.model.state_dict())
    grown.head.load_state_dict(model.head.state_dict())
    assert grown.context_head is not None
    for new, head in zip(grown.context_head.readers(), heads, strict=True):
        own = {name: weights for name, weights in head.state_dict().items() if not name.startswith("others.")}
        new.load_state_dict(own, strict=new is not grown.context_head)
    return grown


def run_context_recipe(
    settings: ContextArguments, arguments: FusionContextTrainingArguments, recipe: Mapping[str, Any] | None = None
) -> dict[str, Any] | None:
    """Train the head of a forecaster on synthetic texts, and save both with a report in `arguments.output_dir`.

    Its forecasts without a text are those of the forecaster that it starts from, bit by bit. A language model in the
    checkpoint that it starts from is left out; `fuse` joins it again.

    Args:
        settings: the forecaster, the text encoder and the texts.
        arguments: arguments of the Trainer; `push_to_hub` publishes the checkpoint at the end.
        recipe: contents of recipe.yaml; by default the settings that differ from their defaults.

    Raises:
        ValueError: the forecaster is no TSFusion forecaster.
        OSError: it or the text encoder cannot be had.
    """
    recipe, publication = start_run((settings, arguments), recipe, ())
    start, extractor = load_forecaster(settings.start)
    if not isinstance(start, TSFusionForForecasting):
        raise UserError(f"start is {settings.start}, a {type(start).__name__}; give a TSFusion forecaster.")
    if settings.add_reader or settings.tune_head:
        _check_readers(start, settings)
    set_seed(arguments.seed)
    model = with_context_head(start, settings)
    head = model.context_head
    assert head is not None
    before = start.context_head.state_dict() if settings.tune_head and start.context_head is not None else None
    if before is not None:
        head.load_state_dict(before)
    began = time.process_time()
    encoder = load_text_encoder(settings.text_encoder, settings.text_layer)
    notes = [note_item(note, NOTES_SERIES[kind]) for kind, note in training_notes()] if settings.note_repeats else []
    items = [*context_items(settings.texts_seed, range(settings.texts)), *settings.note_repeats * notes]
    texts = ContextDataset(items, encoder, head.adapter is not None)
    trainer = train_fusion_context(head, arguments, texts, encoder)
    if head.adapter is not None:
        # Others in this process share it.
        encoder.model.cpu()
    seconds = time.process_time() - began + earlier_processor_seconds(trainer)
    model.context_head = head = trainer.whole_model().head
    if not trainer.is_world_process_zero():
        return None
    if before is not None:
        # Back on the way, so that what the head knew before is not lost for what is new.
        after = head.cpu().state_dict()
        head.load_state_dict({name: before[name].lerp(after[name], settings.tune_share) for name in after})
    output = Path(arguments.output_dir)
    if settings.add_reader and start.context_head is not None:
        model = with_readers(model.cpu(), start.context_head.readers())
    in_few_bits(model.cpu()).save_pretrained(output)
    extractor.save_pretrained(output)
    save_run(output, trainer.state.log_history, recipe)
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    context = {
        "texts": settings.texts,
        "notes": len(notes),
        "last_loss": losses[-1] if losses else None,
        "parameters_trained": sum(weights.numel() for weights in head.parameters()),
        "processor_seconds": seconds,
        "seed": arguments.seed,
    }
    if settings.add_reader:
        context["earlier"] = _earlier_of(settings.start)
    if settings.tune_head:
        context["before"] = saved_report(settings.start).get("context", {})
    total = {"parameters_total": sum(weights.numel() for weights in model.parameters())}
    metrics = {"data": "synthetic only", **_metrics_of(settings.start), **total, "context": context}
    return finish_run(output, metrics | {"versions": versions(_PACKAGES)}, publication)


def _earlier_of(start: str) -> list[dict[str, Any]]:
    """Reports of the trainings of the heads that a forecaster has, the first one first."""
    latest = saved_report(start).get("context", {})
    return [*latest.pop("earlier", []), latest]


def _metrics_of(start: str) -> dict[str, Any]:
    """Report of the training of the forecaster that got the head; empty for one of the Hub."""
    path = Path(checkpoint_place(start), "metrics.json")
    report = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    # A language model is not saved with the head.
    return {name: value for name, value in report.items() if name not in ("parts", "tslm")}
