"""Low-rank additions to the linear maps of a text encoder that is not changed itself."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class TextAdapter(nn.Module):
    """Low-rank additions to the linear maps of a text encoder: W x + 2 B A x (LoRA, Hu et al. 2021, equation 3).

    Parameters are its own, so that a checkpoint holds them without the encoder, which many models share. B starts at
    0, so that the encoder starts as it is.

    Args:
        maps: names of linear maps of the encoder, with their inputs and outputs; see [`adapted_maps`].
        rank: of the additions.
        dropout: of the outputs of A in training; a sixth of the time of a step goes to that of its inputs.
    """

    def __init__(self, maps: Mapping[str, Sequence[int]], rank: int, dropout: float):
        super().__init__()
        # Sorted, as config.json is: weights are numbered by the order of their maps.
        self.names, self.dropout = tuple(sorted(maps)), dropout
        # Plain parameters: the model around it initializes linear maps, and would those of B.
        sizes = [maps[name] for name in self.names]
        self.a = nn.ParameterList(torch.randn(rank, inputs) / (3 * inputs) ** 0.5 for inputs, _ in sizes)
        self.b = nn.ParameterList(torch.zeros(outputs, rank) for _, outputs in sizes)

    @contextmanager
    def applied(self, encoder: nn.Module) -> Iterator[None]:
        """Let the maps of an encoder have their additions within the block.

        Raises:
            KeyError: the encoder has no map of one of the names.
        """
        modules = dict(encoder.named_modules())
        handles = []
        try:
            for name, a, b in zip(self.names, self.a, self.b, strict=True):
                handles.append(modules[name].register_forward_hook(self._addition(a, b)))
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _addition(self, a: Tensor, b: Tensor) -> Any:
        def add(module: nn.Module, inputs: tuple[Tensor], output: Tensor) -> Tensor:
            return output + 2 * F.linear(F.dropout(F.linear(inputs[0], a), self.dropout, self.training), b)

        return add


def adapted_maps(encoder: nn.Module) -> dict[str, list[int]]:
    """Linear maps of the layers of a text encoder by name, with their inputs and outputs."""
    stacks = [name for name, module in encoder.named_modules() if isinstance(module, nn.ModuleList)]
    return {
        name: [module.in_features, module.out_features]
        for name, module in encoder.named_modules()
        if isinstance(module, nn.Linear) and any(name.startswith(f"{stack}.") for stack in stacks)
    }


__all__ = ["TextAdapter", "adapted_maps"]
