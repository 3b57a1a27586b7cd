"""Recipe of reinforcement learning: from a language model that reads series to one whose answers earn more rewards."""

import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from transformers import AutoConfig, set_seed
from trl import ModelConfig

from ..data.qa.archives import ArchiveArguments
from ..data.qa.questions import QuestionArguments, is_classification, prepare_questions
from ..data.qa.synthetic import SYNTHETIC, SyntheticArguments
from ..errors import UserError
from ..evaluation.answers import overall_metrics, task_metrics
from ..evaluation.rewards import RewardArguments, make_rewards
from ..modeling.configuration_tsfusion import TSFusionConfig
from ..modeling.configuration_tslm import TSLMConfig
from ..modeling.modeling_text_sources import find_text_model
from ..requirements import versions
from ..training.grpo import TSLMGRPOArguments, make_grpo_trainer
from ..training.resuming import run_training
from ..training.run_time import earlier_seconds
from ..training.runs import save_model, trained_parameters
from ..training.tslm_models import TSLMArguments, TSLMConfigArguments, build_tslm
from .answering import answer_results, answer_splits, questions_seen
from .endings import finish_run, save_run
from .run_folder import start_run

logger = logging.getLogger(__name__)

_PACKAGES = ("transformers", "trl", "peft", "accelerate", "datasets")
# Settings of the recipe.
GRPO_SETTINGS = (
    QuestionArguments,
    SyntheticArguments,
    ArchiveArguments,
    RewardArguments,
    ModelConfig,
    TSLMGRPOArguments,
)


def _check(rewards: RewardArguments, model_arguments: ModelConfig, arguments: TSLMGRPOArguments) -> None:
    """Refuse settings that no training can start with, before data are prepared."""
    name = model_arguments.model_name_or_path
    if name is None:
        raise UserError("model_name_or_path is not set; name a language model that reads series, made by train sft.")
    kind = AutoConfig.from_pretrained(find_text_model(name)).model_type
    if kind not in (TSLMConfig.model_type, TSFusionConfig.model_type):
        raise UserError(
            f"model_name_or_path is {name!r}, a model of type {kind!r} that reads no series; train it by train sft "
            "first."
        )
    weights = arguments.reward_weights
    if weights is not None and len(weights) != len(rewards.rewards):
        raise UserError(
            f"reward_weights has {len(weights)} numbers for {len(rewards.rewards)} rewards; give one for each."
        )


def run_grpo_recipe(
    question: QuestionArguments,
    synthetic: SyntheticArguments,
    archive: ArchiveArguments,
    rewards: RewardArguments,
    model_arguments: ModelConfig,
    arguments: TSLMGRPOArguments,
    recipe: Mapping[str, Any] | None = None,
) -> dict[str, Any] | None:
    """Train a model on the rewards of its own answers, select on validation, and test it once beside its start.

    Several answers to a question are sampled, and those with more reward than the others of that question become more
    likely: group relative policy optimization (Shao et al., arXiv:2402.03300), by `GRPOTrainer` of trl. The true text
    of the assistant is not used. Result and errors are those of `run_sft_recipe`.

    Args:
        question: the questions.
        synthetic: settings of the synthetic questions.
        archive: settings of the classification archives.
        rewards: what an answer earns.
        model_arguments: the model to start from, and adapters.
        arguments: arguments of the Trainer; `push_to_hub` publishes the checkpoint at the end.
        recipe: contents of recipe.yaml; by default the settings that differ from their defaults.

    Example:

    ```python
    >>> metrics = run_grpo_recipe(
    ...     QuestionArguments(data="synthetic"),
    ...     SyntheticArguments(tasks=["correlation"], num_train=2000),
    ...     ArchiveArguments(),
    ...     RewardArguments(),
    ...     ModelConfig(model_name_or_path="outputs/synthetic_qa"),
    ...     TSLMGRPOArguments(output_dir="outputs/grpo", max_steps=200),
    ... )
    >>> metrics["test"]["exact_match"], metrics["baselines"]["start"]["exact_match"]
    ```
    """
    settings = (question, synthetic, archive, rewards, model_arguments, arguments)
    recipe, publication = start_run(settings, recipe, (model_arguments.model_name_or_path,))
    _check(rewards, model_arguments, arguments)
    output = Path(arguments.output_dir)
    data = prepare_questions(question, synthetic, archive)
    logger.info("%s: %s questions", question.data, {name: len(samples) for name, samples in data.splits.items()})

    def tested(answers: Sequence[str], samples: Any) -> dict[str, dict[str, float]]:
        return task_metrics(answers, samples, data.labels)

    set_seed(arguments.seed)
    model, processor = build_tslm(
        TSLMConfigArguments(), TSLMArguments(freeze=arguments.freeze), model_arguments, output, (), is_writer=False
    )
    trainer = make_grpo_trainer(
        model,
        processor,
        arguments,
        model_arguments,
        make_rewards(rewards, data.labels),
        data.splits["train"],
        data.splits["validation"],
        lambda answers, samples: overall_metrics(tested(answers, samples)),
    )
    start = {
        split: tested(trainer.generate_answers(data.splits[split]), data.splits[split])
        for split in ("validation", "test")
    }
    start_time = time.perf_counter()
    run_training(trainer)
    seconds = time.perf_counter() - start_time + earlier_seconds(trainer)
    trained = trainer.whole_model()
    parameters = trained_parameters(trained)
    try:
        found = answer_splits(trainer, data, output)
    finally:
        # After the test, as saving merges adapters, and even if the test fails.
        if trainer.is_world_process_zero():
            save_model(trained, output, model_arguments.model_name_or_path)
            processor.save_pretrained(output)
            save_run(output, trainer.state.log_history, recipe)
    if not trainer.is_world_process_zero():
        return None
    results = answer_results(data, data.splits["train"], found, is_classification(question.data))
    metrics = {
        "data": question.data,
        "series_as": question.series_as,
        "started_from": model_arguments.model_name_or_path,
        **results,
        "baselines": {"start": overall_metrics(start["test"]), **results["baselines"]},
        "baselines_by_task": {"start": start["test"], **results["baselines_by_task"]},
        "selected_on": arguments.metric_for_best_model,
        "start_validation": overall_metrics(start["validation"]),
        "best_validation": trainer.state.best_metric,
        "trained_steps": trainer.state.global_step,
        "questions_seen": questions_seen(trainer),
        **parameters,
        "seconds": seconds,
        "seed": arguments.seed,
        "versions": versions(_PACKAGES),
        "recipe": {
            **vars(question),
            **vars(synthetic if question.data == SYNTHETIC else archive),
            **vars(rewards),
            "model_name_or_path": model_arguments.model_name_or_path,
            "max_new_tokens": arguments.max_new_tokens,
            "among_options": arguments.among_options,
        },
    }
    return finish_run(output, metrics, publication)
