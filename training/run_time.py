"""Time that a training takes, over all parts of a run that is interrupted and goes on."""

import time
from typing import Any, cast

from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_utils import IntervalStrategy

from .processes import in_any_process


class CountSeconds(TrainerCallback):
    """Counts in the checkpoints the seconds of a training, which the Trainer gives back to the run that goes on.

    Both those on the clock (`earlier`), and those of all threads of a process (`earlier_processor`).
    """

    def __init__(self) -> None:
        self.earlier = self.earlier_processor = 0.0
        self._start, self._processor_start = time.perf_counter(), time.process_time()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        attributes = {
            "earlier": self.earlier + time.perf_counter() - self._start,
            "earlier_processor": self.earlier_processor + time.process_time() - self._processor_start,
        }
        cast(Any, state.stateful_callbacks)[type(self).__name__] = {"args": {}, "attributes": attributes}

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        # A step is saved after its evaluation.
        self.on_step_end(args, state, control)


def _counters(trainer: Trainer) -> list[CountSeconds]:
    return [one for one in trainer.callback_handler.callbacks if isinstance(one, CountSeconds)]


def earlier_seconds(trainer: Trainer) -> float:
    """Seconds that a training took up to the checkpoint that it went on from; 0 where it went on from none."""
    return sum(one.earlier for one in _counters(trainer))


def earlier_processor_seconds(trainer: Trainer) -> float:
    """Processor seconds of a training up to the checkpoint that it went on from, as `earlier_seconds`.

    0 for a checkpoint of an earlier version, which does not count them.
    """
    return sum(one.earlier_processor for one in _counters(trainer))


def counted_processor_seconds(state: TrainerState) -> float:
    """Processor seconds of a training up to the last step of a state; 0 where none is counted."""
    counted = cast(Any, state.stateful_callbacks).get(CountSeconds.__name__, {})
    return float(counted.get("attributes", {}).get("earlier_processor", 0.0))


class ProcessorTimeLimit(TrainerCallback):
    """Callback that ends training, with an evaluation, after so many processor seconds of all threads of a process.

    Args:
        seconds: from the start of training on, in all its parts.
    """

    def __init__(self, seconds: float):
        self.seconds = seconds
        self.end = float("inf")

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self.end = time.process_time() + self.seconds - counted_processor_seconds(state)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> TrainerControl:
        if in_any_process(time.process_time() >= self.end, args):
            control.should_training_stop = True
            control.should_evaluate = control.should_save = args.eval_strategy != IntervalStrategy.NO
        return control

    def has_ended(self, state: TrainerState) -> bool:
        """Whether the training of a state has had its seconds."""
        return counted_processor_seconds(state) >= self.seconds
