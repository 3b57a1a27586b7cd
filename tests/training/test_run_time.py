"""Limit of the processor seconds of a training, over all its parts."""

import time
from types import SimpleNamespace
from typing import Any, cast

import pytest
from transformers import TrainerControl, TrainerState
from transformers.trainer_utils import IntervalStrategy

from ts_llm_fusion.training.run_time import CountSeconds, ProcessorTimeLimit, counted_processor_seconds


@pytest.mark.parametrize(("earlier", "stops"), [(0.0, False), (70.0, False), (119.9999, True), (200.0, True)])
def test_a_limit_holds_for_all_parts_of_a_training(earlier: float, stops: bool) -> None:
    arguments: Any = SimpleNamespace(eval_strategy=IntervalStrategy.STEPS, world_size=1, device="cpu")
    state, control, limit = TrainerState(), TrainerControl(), ProcessorTimeLimit(120)
    if earlier:
        cast(Any, state.stateful_callbacks)["CountSeconds"] = {"attributes": {"earlier_processor": earlier}}
    assert limit.has_ended(state) is (earlier > 120)
    limit.on_train_begin(arguments, state, control)
    sum(range(100_000))
    limit.on_step_end(arguments, state, control)
    assert (control.should_training_stop, control.should_evaluate, control.should_save) == (stops,) * 3


def test_a_checkpoint_counts_the_seconds_of_the_processor_beside_those_of_the_clock() -> None:
    state, counter = TrainerState(), CountSeconds()
    counter.earlier, counter.earlier_processor = 7.0, 5.0
    time.sleep(0.05)
    counter.on_step_end(cast(Any, None), state, TrainerControl())
    attributes = cast(Any, state.stateful_callbacks)["CountSeconds"]["attributes"]
    assert attributes["earlier"] >= 7.05
    assert 5 <= counted_processor_seconds(state) == attributes["earlier_processor"] < 5.05
    # An evaluation between step and checkpoint counts, too.
    sum(range(500_000))
    counter.on_evaluate(cast(Any, None), state, TrainerControl())
    assert counted_processor_seconds(state) > attributes["earlier_processor"]
    # A checkpoint of an earlier version counts those of the clock alone.
    del cast(Any, state.stateful_callbacks)["CountSeconds"]["attributes"]["earlier_processor"]
    assert counted_processor_seconds(state) == 0
