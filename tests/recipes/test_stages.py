"""Stages of a curriculum: mixes and replay in the shares that are asked for, and settings that are refused early."""

from pathlib import Path

import numpy as np
import pytest
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st

from ts_llm_fusion.recipes.stages import mix_samples, prepare_stage, read_stages, replayed_samples

STAGE = {"data": "synthetic", "num_train": 30, "num_validation": 4, "num_test": 4}


def numbered(name: str, count: int) -> Dataset:
    return Dataset.from_dict({"id": [f"{name}-{row}" for row in range(count)]})


def sources(samples: Dataset) -> dict[str, int]:
    names, counts = np.unique([name.split("-")[0] for name in samples["id"]], return_counts=True)
    return dict(zip(names.tolist(), counts.tolist(), strict=True))


@settings(deadline=None, max_examples=10)
@given(st.integers(1, 400), st.floats(0, 0.95), st.lists(st.integers(1, 60), min_size=1, max_size=4))
def test_replay_is_the_share_that_is_asked_for(count: int, share: float, sizes: list[int]) -> None:
    earlier = [numbered("abcd"[number], size) for number, size in enumerate(sizes)]
    found = replayed_samples(count, share, earlier, np.random.default_rng(0))
    drawn = 0 if found is None else len(found)
    assert abs(drawn - share * (count + drawn)) <= 0.5 + 1e-9
    if found is None:
        return
    counts = sources(found)
    by_stage = [counts.get(name, 0) for name in "abcd"[: len(sizes)]]
    assert max(by_stage) - min(by_stage) <= 1
    # A sample comes again only when all others of its stage have come as often.
    times = np.unique(found["id"], return_counts=True)[1]
    assert times.max() <= max(-(-n // size) for n, size in zip(by_stage, sizes, strict=True))


def test_there_is_no_replay_without_earlier_stages_and_draws_are_those_of_the_seed() -> None:
    assert replayed_samples(10, 0.5, [], np.random.default_rng(0)) is None
    one, two = (replayed_samples(9, 0.5, [numbered("a", 50)], np.random.default_rng(3)) for _ in range(2))
    assert one["id"] == two["id"]


def test_a_mix_has_its_shares_and_takes_no_sample_twice() -> None:
    sets = [numbered("a", 100), numbered("b", 20)]
    mixed = mix_samples(sets, [0.75, 0.25], None, np.random.default_rng(0))
    assert sources(mixed) == {"a": 60, "b": 20}
    assert len(set(mixed["id"])) == 80
    assert sources(mix_samples(sets, [0.75, 0.25], 40, np.random.default_rng(0))) == {"a": 30, "b": 10}
    # One set as a whole keeps its order.
    assert mix_samples(sets[:1], [1.0], None, np.random.default_rng(0))["id"] == sets[0]["id"]


def test_a_stage_has_its_mix_and_at_most_so_many_samples(data_dir: Path, tmp_path: Path) -> None:
    mixed = {"mix": {"synthetic": 3, "truce": 1}, "at_most": {"train": 40, "test": 10}, "num_test": 30}
    (stage,) = read_stages({"both": mixed}, {key: STAGE[key] for key in ("num_train", "num_validation")}, tmp_path)
    data = prepare_stage(stage)
    by_source = [data.splits["train"]["source"].count(name) for name in ("synthetic", "truce")]
    assert by_source == [30, 10]
    assert len(data.splits["test"]) == 10
    assert set(data.splits["validation"]["source"]) == {"synthetic", "truce"}
    assert data.labels["trend"] == ["rising", "falling", "flat"] and data.labels["truce/stock"] is None


@pytest.mark.parametrize(
    ("curriculum", "message"),
    [
        (None, "curriculum has no stages; give a mapping of names to their settings."),
        ({"../x": STAGE}, "curriculum: '../x' is not a name of a stage"),
        ({"start": STAGE}, "curriculum: 'start' is not a name of a stage"),
        ({"a": "synthetic"}, "curriculum: a is 'synthetic'; give a mapping of settings."),
        ({"a": STAGE | {"lernrate": 1}}, "curriculum: a: 'lernrate' is not a setting; "),
        ({"a": STAGE | {"fusion": "flamingo"}}, "curriculum: a sets fusion, which all stages share"),
        ({"a": STAGE, "b": STAGE | {"replay": 1.0}}, "curriculum: b: replay is 1.0; it must be a share from 0"),
        ({"a": STAGE | {"data": "sinthetic"}}, "did you mean 'synthetic'?"),
        ({"a": STAGE | {"data": "time_series_exam"}}, "curriculum: a: time_series_exam has no train split"),
        ({"a": STAGE | {"mix": {"synthetic": -1}}}, "curriculum: a: mix: synthetic is -1; give a number above 0."),
        ({"a": STAGE | {"at_most": {"dev": 3}}}, "curriculum: a: at_most: 'dev' is not a split"),
        ({"a": STAGE | {"load_best_model_at_end": False}}, "curriculum: a: load_best_model_at_end is off"),
        ({"a": STAGE | {"refit": True, "use_peft": True}}, "curriculum: a: refit goes on with a whole model"),
    ],
)
def test_stages_that_cannot_be_trained_are_refused(curriculum: dict | None, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError) as error:
        read_stages(curriculum, {}, tmp_path)
    assert message in str(error.value) and "\n" not in str(error.value)
