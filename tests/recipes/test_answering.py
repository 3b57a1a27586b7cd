"""Tests of a trained language model on captions: claims are checked against the series that the question is of."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from datasets import Dataset

from ts_llm_fusion.data.qa.samples import FEATURES, QuestionData, make_sample
from ts_llm_fusion.recipes.answering import answer_faults, answer_results, answer_splits, prediction_lines


class Honest:
    """Describes whatever series it is given."""

    args = SimpleNamespace(seed=0)

    def generate_answers(self, samples: Dataset) -> list[str]:
        rises = [series[0][-1] > series[0][0] for series in samples["time_series"]]
        return ["rises throughout" if is_rise else "falls throughout" for is_rise in rises]

    def is_world_process_zero(self) -> bool:
        return True


def test_captions_of_shuffled_series_are_false_of_the_series_that_they_should_describe(tmp_path: Path) -> None:
    ramp = np.arange(12.0)
    rows = [
        make_sample("Describe it.", {"Series": series}, caption, "captions", "mine", str(number))
        for number, (series, caption) in enumerate([(ramp, "increases"), (-ramp, "declines at the end")])
    ]
    samples = Dataset.from_list(rows, features=FEATURES)
    data = QuestionData({"train": samples, "test": samples}, {"captions": None})
    found = answer_splits(Honest(), data, tmp_path)
    assert found["test"]["captions"]["claims_hold"] == 1
    assert found["shuffled"]["captions"]["claims_hold"] == 0
    results = answer_results(data, samples, found, with_minirocket=False)
    assert (results["test"]["claims_hold"], results["shuffled"]["claims_hold"]) == (1, 0)
    # The most frequent caption, first in the alphabet, is "declines at the end".
    assert results["baselines"]["majority"]["claims_hold"] == 0.5
    lines = (tmp_path / "predictions_shuffled.jsonl").read_text().splitlines()
    assert [json.loads(line)["prediction"] for line in lines] == ["falls throughout", "rises throughout"]
    # Of the series that they were given, both captions are true.
    assert [json.loads(line)["fault"] for line in lines] == [None, None]
    faults = answer_faults(["falls", ""], samples, data.labels)
    assert "says that the series falls between 0 % and 100 % of its length" in faults[0]
    assert faults[1] == "The model gave an empty answer."
    assert answer_faults(["falls", "rises"], samples, {"captions": ["falls", "rises"]}) == [None, None]


def test_predictions_are_correct_by_the_same_labels_as_the_accuracy() -> None:
    samples = [{"id": "1", "source": "mine", "task": task, "answer": "up (A)"} for task in ("way", "open")]
    lines = prediction_lines(["up (B)"] * 2, samples, [None] * 2, {"way": ["up", "up (A)", "up (B)"], "open": None})
    found = [json.loads(line) for line in lines.splitlines()]
    assert [(line["exact_match"], line["correct"]) for line in found] == [(False, True), (False, False)]
