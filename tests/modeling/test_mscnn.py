"""The multi-scale CNN's own kind of convolution."""

import torch
from torch import nn

from ts_llm_fusion.modeling.modeling_mscnn import PointwiseConv1d


def test_a_pointwise_convolution_equals_that_of_torch_in_value_and_gradient() -> None:
    ours, theirs = PointwiseConv1d(6, 4, kernel_size=1), nn.Conv1d(6, 4, kernel_size=1)
    theirs.load_state_dict(ours.state_dict())
    inputs = [torch.randn(5, 6, 7).requires_grad_() for _ in range(2)]
    inputs[1].data.copy_(inputs[0])
    outputs = [conv(x) for conv, x in zip((ours, theirs), inputs, strict=True)]
    for output in outputs:
        output.square().sum().backward()
    torch.testing.assert_close(outputs[0], outputs[1], atol=1e-5, rtol=0)
    torch.testing.assert_close(inputs[0].grad, inputs[1].grad, atol=1e-5, rtol=0)
    torch.testing.assert_close(ours.weight.grad, theirs.weight.grad, atol=1e-4, rtol=0)
    torch.testing.assert_close(ours.bias.grad, theirs.bias.grad, atol=1e-4, rtol=0)
