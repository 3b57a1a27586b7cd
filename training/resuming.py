"""Runs that are interrupted: the last whole checkpoint, and a stop by a signal that loses nothing."""

import hashlib
import json
import re
import signal
import threading
import time
import zipfile
from pathlib import Path
from types import FrameType
from typing import Any, cast

from safetensors import SafetensorError, safe_open
from transformers import (
    EarlyStoppingCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)
from transformers.utils import logging

from ..errors import RunStopped, UserError
from ..files import naming_full_disk, write_json
from .processes import in_any_process
from .run_time import CountSeconds, ProcessorTimeLimit

logger = logging.get_logger(__name__)

_FOLDER = re.compile(r"checkpoint-(\d+)")
# File of the checksums of a checkpoint.
_SUMS = "checksums.json"
_NOT_WHOLE = "the checkpoint, or the best one that it names, was not written to its end or is damaged"


def is_whole(checkpoint: Path, processes: int = 1) -> bool:
    """Whether the Trainer wrote a checkpoint to its end, and nothing has changed it since.

    It writes trainer_state.json after all else, and `SealCheckpoint` the checksums of the files after that. Files of a
    process that was killed, or whose disk was full, may be cut, which shows by the checksums, also those in archives
    of torch, and by the header of safetensors. The checkpoint that it names as the best has to be whole as well,
    because the run ends with its weights.

    Args:
        checkpoint: folder `checkpoint-STEP`.
        processes: that save their random states in it.
    """
    state = _read_state(checkpoint)
    if state is None or checkpoint.name != f"checkpoint-{state.get('global_step')}":
        return False
    best = checkpoint.parent / Path(str(state.get("best_model_checkpoint"))).name
    ranks = len(list(checkpoint.glob("rng_state_*.pth")))
    # Checkpoints of earlier versions have no checksums.
    is_sealed = (checkpoint / _SUMS).is_file() or SealCheckpoint.__name__ not in state.get("stateful_callbacks", {})
    return (
        is_sealed
        and (processes == 1 or not _archives(checkpoint) or ranks == processes)
        and _has_whole_files(checkpoint)
        and (best == checkpoint or not best.is_dir() or _has_whole_files(best))
    )


def _read_state(checkpoint: Path) -> dict[str, Any] | None:
    try:
        state = json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return state if isinstance(state, dict) else None


def _archives(checkpoint: Path) -> list[Path]:
    return [*checkpoint.glob("*.pt"), *checkpoint.glob("*.pth")]


def _has_whole_files(checkpoint: Path) -> bool:
    try:
        for path in checkpoint.glob("*.safetensors"):
            with safe_open(path, framework="numpy"):
                pass
        sums = json.loads((checkpoint / _SUMS).read_text()) if (checkpoint / _SUMS).exists() else {}
        is_same = all(_digest(checkpoint / name) == digest for name, digest in dict(sums).items())
    except (OSError, ValueError, TypeError, SafetensorError):
        return False
    return is_same and all(map(_is_whole_archive, _archives(checkpoint)))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_whole_archive(path: Path) -> bool:
    """Whether an archive of torch has all its bytes, by the checksums in it."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (OSError, zipfile.BadZipFile):
        return False


def last_whole_checkpoint(folder: str | Path, processes: int = 1) -> Path | None:
    """Checkpoint of the most steps in a folder that is whole; those after it are named in a warning.

    Args:
        folder: `output_dir` of a run; it need not exist.
        processes: that save their random states in a checkpoint.
    """
    found = [path for path in Path(folder).glob("checkpoint-*") if path.is_dir() and _FOLDER.fullmatch(path.name)]
    for path in sorted(found, key=lambda path: int(path.name.split("-")[1]), reverse=True):
        if is_whole(path, processes):
            return path
        logger.warning(f"{path}: {_NOT_WHOLE}, and is left out.")
    return None


def checkpoint_to_resume(arguments: TrainingArguments) -> str | None:
    """Folder of the checkpoint that `resume_from_checkpoint` asks for.

    It is a folder, `true` for the last whole one in `output_dir`, or `auto` for the same where there is one, and a
    start from the beginning otherwise, so that the same command starts a run and goes on with it.

    Raises:
        ValueError: for `true` without a whole checkpoint in `output_dir`, or a folder that is not one.
    """
    wanted = str(arguments.resume_from_checkpoint or "false")
    if wanted.lower() == "false":
        return None
    if wanted.lower() not in ("true", "auto"):
        if _read_state(Path(wanted)) is None or not _has_whole_files(Path(wanted)):
            raise UserError(
                f"--resume_from_checkpoint: {wanted} is not a whole checkpoint of a training; give its folder "
                "checkpoint-STEP, or auto for the last whole one."
            )
        return wanted
    last = last_whole_checkpoint(str(arguments.output_dir), arguments.world_size)
    if last is None and wanted.lower() == "true":
        raise UserError(
            f"--resume_from_checkpoint: {arguments.output_dir} holds no checkpoint; give auto to start where there is "
            "none."
        )
    return None if last is None else str(last)


class SealCheckpoint(TrainerCallback):
    """Writes the checksums of the files of a checkpoint as its last file, after those of all other callbacks.

    Without the random states of several processes, each of which writes its own; archives of torch have checksums too.
    """

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        # Says in trainer_state.json that there will be checksums; a state of an earlier version lacks it.
        cast(Any, state.stateful_callbacks)[type(self).__name__] = {"args": {}, "attributes": {}}

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        checkpoint = Path(str(args.output_dir), f"checkpoint-{state.global_step}")
        if args.should_save and checkpoint.is_dir():
            files = sorted(path for path in checkpoint.iterdir() if path.is_file() and "rng_state_" not in path.name)
            write_json(checkpoint / _SUMS, {path.name: _digest(path) for path in files})


class StopBySignal(TrainerCallback):
    """Saves a checkpoint and ends the training at the end of the step in which SIGTERM arrives.

    The callback of transformers for this (`enable_jit_checkpoint`) waits three seconds, and does not tell a run that
    it has ended from one that it has stopped, so that a recipe would go on and evaluate a model that is half trained.
    """

    def __init__(self) -> None:
        self.stopped = False
        self._before: Any = None

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopped = True

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        # Python takes signals in the main thread only.
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGTERM, self._stop)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self.stopped = in_any_process(self.stopped, args)
        if self.stopped:
            control.should_save = control.should_training_stop = True
            # With a limit of 1, the Trainer would delete this checkpoint at its end, and keep the best one alone.
            args.save_total_limit = None

    def restore(self) -> None:
        """Handle the signal as before the training."""
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)


class _Ended(Exception):
    """The training of a checkpoint has come to its end."""


class _EndAtOnce(TrainerCallback):
    """Ends a training before its first step; the Trainer goes one step beyond the last one of its checkpoint."""

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        raise _Ended


def _has_ended(checkpoint: str, callbacks: list[TrainerCallback]) -> bool:
    """Whether a checkpoint is that of the last step, or of that in which early stopping or a limit of time ended."""
    state = TrainerState.load_from_json(str(Path(checkpoint, "trainer_state.json")))
    stopping = [one for one in callbacks if isinstance(one, EarlyStoppingCallback)]
    saved = state.stateful_callbacks.get(EarlyStoppingCallback.__name__, {})
    counted = saved.get("attributes", {}).get("early_stopping_patience_counter", 0)
    return (
        state.global_step >= state.max_steps
        or any(counted >= one.early_stopping_patience for one in stopping)
        or any(one.has_ended(state) for one in callbacks if isinstance(one, ProcessorTimeLimit))
    )


def run_training(trainer: Trainer) -> None:
    """Train from the beginning, or from the checkpoint that `resume_from_checkpoint` asks for.

    Raises:
        RunStopped: SIGTERM came before the end; a checkpoint of the step that it came in is saved.
        ValueError: there is no checkpoint to resume from.
        OSError: the disk is full; the checkpoints before are whole.
    """
    arguments = trainer.args
    checkpoint = checkpoint_to_resume(arguments)
    # Early stopping goes on counting.
    arguments.restore_callback_states_from_checkpoint = True
    stop = StopBySignal()
    trainer.add_callback(stop)
    trainer.add_callback(SealCheckpoint())
    trainer.add_callback(CountSeconds())
    if checkpoint is not None and _has_ended(checkpoint, trainer.callback_handler.callbacks):
        trainer.add_callback(_EndAtOnce())
    try:
        with naming_full_disk(str(arguments.output_dir), " and go on with --resume_from_checkpoint auto"):
            trainer.train(resume_from_checkpoint=checkpoint)
    except _Ended:
        # The weights of the checkpoint are loaded; the best ones are not yet.
        trainer._finalize_training(None, 0, time.time())
    finally:
        stop.restore()
    if stop.stopped and trainer.state.global_step < trainer.state.max_steps:
        raise RunStopped(
            f"stopped by a signal after step {trainer.state.global_step} of {trainer.state.max_steps}; "
            "--resume_from_checkpoint auto goes on from there."
        )
