"""Print the baselines for the questions of recipes, without training a model.

python -m benchmarks.question_baselines [name ...]

Names are recipes of `configs/tslm` whose model reads series, by default all of them.
"""

import sys
from dataclasses import fields
from pathlib import Path

import yaml

from ts_llm_fusion.data.qa.archives import ArchiveArguments
from ts_llm_fusion.data.qa.questions import QuestionArguments, prepare_questions
from ts_llm_fusion.data.qa.synthetic import SyntheticArguments
from ts_llm_fusion.evaluation.answers import overall_metrics
from ts_llm_fusion.evaluation.question_baselines import evaluate_question_baselines
from ts_llm_fusion.evaluation.report import results_table

RECIPES = Path(__file__).parent.parent / "configs" / "tslm"


def main(names: list[str]) -> None:
    """Print for each recipe a table over all questions and one of the accuracy of each task."""
    for name in names or ["basic_motions", "epilepsy", "synthetic_qa"]:
        recipe = yaml.safe_load((RECIPES / f"{name}.yaml").read_text())
        arguments = (
            kind(**{field.name: recipe[field.name] for field in fields(kind) if field.name in recipe})
            for kind in (QuestionArguments, SyntheticArguments, ArchiveArguments)
        )
        found = evaluate_question_baselines(prepare_questions(*arguments))
        print(f"\n{name}\n{results_table({method: overall_metrics(tasks) for method, tasks in found.items()})}")
        accuracies = {
            method: {task: metrics["accuracy"] for task, metrics in tasks.items()} for method, tasks in found.items()
        }
        print(f"accuracy by task\n{results_table(accuracies)}")


if __name__ == "__main__":
    main(sys.argv[1:])
