"""Several processes of a run: what they decide together, and the share of each."""

import copy
from typing import Any

import torch
from accelerate import Accelerator
from peft import PeftModel
from transformers import PreTrainedModel, Trainer, TrainingArguments
from transformers.integrations.liger import apply_liger_kernel


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


def _without_weights(model: torch.nn.Module) -> Any:
    """Copy of a model whose parameters take no memory; its buffers, which checkpoints may lack, are copied."""
    empty = {
        id(parameter): torch.nn.Parameter(torch.empty_like(parameter, device="meta"), parameter.requires_grad)
        for parameter in model.parameters()
    }
    return copy.deepcopy(model, empty)


def apply_liger_to_backbones(model: torch.nn.Module, kernel_config: dict[str, bool] | None) -> None:
    """Apply Liger kernels to the text backbones in a model.

    The Trainer applies them by the type of the whole model, and Liger knows none of this package.

    Args:
        model: with backbones in attributes of this name.
        kernel_config: which kernels; by default Liger's choice, without that of the loss, which reads no logits.
    """
    for name, module in model.named_modules():
        if name.rpartition(".")[2] == "backbone":
            apply_liger_kernel(module, {**(kernel_config or {}), "fused_linear_cross_entropy": False})


class WholeModelMixin(Trainer):
    """Trainer whose model is whole after its training, also where FSDP or DeepSpeed cut it into shards."""

    model: Any
    _empty_model: Any = None

    def train(self, *args: Any, **kwargs: Any) -> Any:
        assert self.model is not None
        if self.args.use_liger_kernel:
            apply_liger_to_backbones(self.model, self.args.liger_kernel_config)
        if self.is_fsdp_enabled or self.is_deepspeed_enabled:
            self._empty_model = _without_weights(self.model)
        if self.is_fsdp_enabled:
            # Each process shards the weights that it drew itself; DDP and DeepSpeed do this of themselves.
            for tensor in (*self.model.parameters(), *self.model.buffers()):
                torch.distributed.broadcast(tensor.data, src=0)
        return super().train(*args, **kwargs)

    def whole_model(self) -> Any:
        """Trained model without the wrappers of accelerate; all processes have to ask.

        Returns:
            The model. Of one in shards, the first process gets a whole copy on its processor, the others their shards.
        """
        if self._empty_model is None:
            return self.accelerator.unwrap_model(self.model)
        weights = self.accelerator.get_state_dict(self.model_wrapped)
        if not self.is_world_process_zero():
            return self.accelerator.unwrap_model(self.model)
        self._empty_model.load_state_dict(weights, assign=True)
        if isinstance(self._empty_model, PreTrainedModel | PeftModel):
            self._empty_model.tie_weights()
        return self._empty_model
