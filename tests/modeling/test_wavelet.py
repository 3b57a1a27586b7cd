"""The wavelet decoupling against PyWavelets and by its own laws."""

import numpy as np
import pytest
import pywt
import torch

from ts_llm_fusion.modeling.modeling_wavelet import WaveletDecoupling, low_pass_matrix, max_wavelet_levels

LENGTHS = (24, 25, 47, 48, 95, 96, 97, 104, 192, 255, 336, 511, 720)


@pytest.mark.parametrize("length", LENGTHS)
def test_the_low_pass_is_that_of_pywavelets(length: int) -> None:
    signal = np.random.default_rng(length).normal(size=length)
    for levels in range(1, max_wavelet_levels(length) + 1):
        bands = pywt.wavedec(signal, "db4", mode="symmetric", level=levels)
        expected = pywt.waverec([bands[0], *map(np.zeros_like, bands[1:])], "db4", mode="symmetric")[:length]
        actual = low_pass_matrix(length, levels).float().numpy() @ signal.astype(np.float32)
        assert np.abs(actual - expected).max() < 1e-5


@pytest.mark.parametrize("length", LENGTHS)
def test_the_most_levels_are_those_of_pywavelets(length: int) -> None:
    assert max_wavelet_levels(length) == pywt.dwt_max_level(length, "db4")


@pytest.mark.parametrize("length", (24, 96, 720))
def test_one_branch_comes_back_as_it_was(length: int) -> None:
    branch = torch.randn(3, 1, 4, length)
    decouple = WaveletDecoupling(length, max_wavelet_levels(length))
    assert (decouple(branch) - branch).abs().max() < 1e-5


def test_a_constant_is_all_long_term_and_an_alternation_all_short_term() -> None:
    low_pass = low_pass_matrix(96, 2)
    constant, alternation = torch.ones(96).double(), torch.tensor([1.0, -1.0]).repeat(48).double()
    assert (low_pass @ constant - constant).abs().max() < 1e-9
    # The ends are mirrored, where an alternation stops being one.
    assert (low_pass @ alternation)[24:-24].abs().max() < 1e-6


@pytest.mark.parametrize(("length", "levels"), ((48, 2), (256, 3), (511, 3), (512, 1), (720, 5), (1024, 3)))
def test_short_term_parts_accumulate_upwards_and_long_term_parts_downwards(length: int, levels: int) -> None:
    decouple = WaveletDecoupling(length, levels)
    branches = torch.randn(2, 3, 4, length)
    long_term = branches @ low_pass_matrix(length, levels).float().T
    short_term = branches - long_term
    mixed = decouple(branches)
    expected = short_term.cumsum(1) + long_term.flip(1).cumsum(1).flip(1)
    torch.testing.assert_close(mixed, expected, atol=1e-5, rtol=0)


def test_a_long_series_is_low_passed_by_stretches() -> None:
    whole, stretches = (WaveletDecoupling(length, 3).low_pass for length in (1021, 1024))
    # A prime number of steps has no equal parts.
    assert len(whole) == 1 and len(stretches) == 8
    assert stretches.numel() < 0.25 * whole.numel()


@pytest.mark.parametrize("length", (24, 64))
def test_the_gradient_is_right(length: int) -> None:
    decouple = WaveletDecoupling(length, 1).double()
    branches = torch.randn(1, 3, 2, length, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(decouple, (branches,))


def test_compiled_for_training_it_gives_the_same_gradient() -> None:
    decouple = WaveletDecoupling(256, 3)
    gradients = []
    for function in (decouple, torch.compile(decouple, fullgraph=True, backend="aot_eager")):
        branches = torch.linspace(-1, 1, 2 * 3 * 256).view(1, 2, 3, 256).requires_grad_()
        function(branches).square().sum().backward()
        gradients.append(branches.grad)
    torch.testing.assert_close(gradients[1], gradients[0], atol=1e-5, rtol=1e-5)
