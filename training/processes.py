"""Several processes of a run: what they decide together, and the share of each."""

import torch
from accelerate import Accelerator
from transformers import TrainingArguments


def in_any_process(flag: bool, arguments: TrainingArguments) -> bool:
    """Whether a flag is set in any process of a run; all of them have to ask at the same step.

    A process that stopped alone would leave the others waiting for its gradients.
    """
    if arguments.world_size == 1:
        return flag
    flags = torch.tensor([flag], dtype=torch.int32, device=arguments.device)
    torch.distributed.all_reduce(flags, torch.distributed.ReduceOp.MAX)
    return bool(flags)


def rows_not_repeated(accelerator: Accelerator, size: int) -> int:
    """Number of first rows of the training batch of this process that the epoch has not had before.

    accelerate fills the last global batch of an epoch up with samples of its beginning, so that each process has as
    many batches. These would count twice, and a run would depend on its number of processes.

    Args:
        accelerator: of the trainer.
        size: rows of the batch that was drawn last.
    """
    state = accelerator.gradient_state
    if accelerator.num_processes == 1 or not state.end_of_dataloader or state.remainder <= 0:
        return size
    return min(max(state.remainder - accelerator.process_index * size, 0), size)


def share_of_rows(number: int, arguments: TrainingArguments) -> list[int]:
    """Rows of this process out of `number`, as many in each, so that all run as many batches.

    The shares one after the other are all rows in their order, and behind them repetitions of the last one.
    """
    size = -(-number // arguments.world_size)
    start = arguments.process_index * size
    return [min(row, number - 1) for row in range(start, start + size)]
