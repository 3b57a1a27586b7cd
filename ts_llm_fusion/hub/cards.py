"""Model cards from the templates in hub_cards."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from ..evaluation.report import results_table


def forecaster_card(name: str, metrics: Mapping[str, Any], config: Any) -> ModelCard:
    """The card of a trained forecaster.

    Args:
        name: what to call it, also as the repository in the snippet.
        metrics: contents of metrics.json.
        config: its `LLMPSConfig`.
    """
    results = [
        EvalResult(
            task_type="time-series-forecasting",
            dataset_type=metrics["tested_on"],
            dataset_name=metrics["tested_on"],
            dataset_split="test",
            metric_type=metric,
            metric_value=round(value, 6),
        )
        for metric, value in metrics["test"].items()
    ]
    data = ModelCardData(
        library_name="transformers",
        pipeline_tag="time-series-forecasting",
        tags=["time-series", "forecasting", "llm-ps", "ts-llm-fusion"],
        base_model=metrics["recipe"].get("backbone"),
        model_name=name,
        eval_results=results,
    )
    backbone = "none" if not config.use_llm else metrics["recipe"].get("backbone") or "random weights"
    return ModelCard.from_template(
        data,
        template_str=files("ts_llm_fusion.hub_cards").joinpath("forecaster.md").read_text(encoding="utf-8"),
        name=name,
        repository=name,
        metrics=metrics,
        variables="any number of variables"
        if config.share_projection
        else f"exactly {config.num_input_channels} variables",
        backbone=f"{backbone} ({config.text_config.model_type}, {metrics['recipe']['backbone_training']})"
        if config.use_llm
        else backbone,
        selected_on=metrics["selected_on"],
        versions=", ".join(f"{package} {version}" for package, version in metrics["versions"].items()),
        table=results_table({"this model": metrics["test"], **metrics["floors"]}),
    )


def tslm_card(name: str, metrics: Mapping[str, Any], config: Any, table: str, question: str) -> ModelCard:
    """The card of a language model that was trained to answer questions about series.

    Args:
        name: what to call it, also as the repository in the snippet.
        metrics: contents of metrics.json.
        config: its `TSLMConfig`.
        table: its results and the floors, in Markdown.
        question: one that it was trained on, for the snippet.
    """
    results = [
        EvalResult(
            task_type="text-generation",
            dataset_type=metrics["data"],
            dataset_name=metrics["data"],
            dataset_split="test",
            metric_type=metric,
            metric_value=round(metrics["test"][metric], 6),
        )
        for metric in ("exact_match", "accuracy", "macro_f1", "rouge_l")
        if metric in metrics["test"]
    ]
    backbone = metrics["recipe"]["model_name_or_path"]
    data = ModelCardData(
        library_name="transformers",
        pipeline_tag="text-generation",
        tags=["time-series", "question-answering", "opentslm", "ts-llm-fusion"],
        base_model=backbone,
        model_name=name,
        eval_results=results,
    )
    return ModelCard.from_template(
        data,
        template_str=files("ts_llm_fusion.hub_cards").joinpath("tslm.md").read_text(encoding="utf-8"),
        name=name,
        repository=name,
        metrics=metrics,
        fusion=config.fusion.replace("_", " "),
        question=question,
        max_new_tokens=metrics["recipe"]["max_new_tokens"],
        backbone=f"{backbone or 'random weights'} ({config.text_config.model_type})",
        versions=", ".join(f"{package} {version}" for package, version in metrics["versions"].items()),
        table=table,
    )
