"""Sample paths through quantile forecasts, and the quantiles of their mixture, against the normal distribution."""

import pytest
import torch

from ts_llm_fusion.modeling.modeling_quantile_paths import NUM_PATHS, mixture_quantiles, path_scores, sample_paths

LEVELS = ([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], [0.1, 0.5, 0.9], [0.01, 0.5, 0.99], [0.05, 0.6], [0.7])


def normal(levels: list[float]) -> torch.Tensor:
    return torch.special.ndtri(torch.tensor(levels, dtype=torch.float64))


def test_scores_are_standardized_and_uncorrelated_and_do_not_depend_on_the_number_of_blocks() -> None:
    scores = path_scores(40)
    torch.testing.assert_close(scores.mean(0), torch.zeros(40).double())
    covariance = scores[:, :15].T @ scores[:, :15] / NUM_PATHS
    torch.testing.assert_close(covariance, torch.eye(15).double())
    assert torch.equal(path_scores(3), scores[:, :3])


@pytest.mark.parametrize("levels", LEVELS[:4])
def test_a_path_through_a_normal_distribution_is_at_its_score(levels: list[float]) -> None:
    scores = path_scores(1)[:, 0]
    quantiles = (3 * normal(levels) + 7).expand(2, NUM_PATHS, 5, -1)
    expected = (3 * scores + 7).view(1, -1, 1).expand(2, NUM_PATHS, 5)
    torch.testing.assert_close(sample_paths(quantiles, levels, scores), expected)


@pytest.mark.parametrize("levels", LEVELS)
def test_a_mixture_of_the_same_distribution_is_that_distribution(levels: list[float]) -> None:
    quantiles = normal(levels).expand(4, NUM_PATHS, len(levels))
    torch.testing.assert_close(mixture_quantiles(quantiles, levels), quantiles[:, 0], atol=0, rtol=0)


def test_a_mixture_of_moved_normal_distributions_has_the_quantiles_of_its_samples() -> None:
    levels, moved = LEVELS[0], torch.tensor([-2.0, 0.0, 0.5], dtype=torch.float64)
    found = mixture_quantiles(normal(levels) + moved[:, None], levels)
    samples = (torch.randn(300_000, 1, dtype=torch.float64) + moved).flatten()
    expected = torch.stack([samples.kthvalue(int(level * len(samples))).values for level in levels])
    torch.testing.assert_close(found, expected, atol=0.12, rtol=0)


def test_one_level_is_the_same_in_every_path() -> None:
    quantiles = torch.full((1, NUM_PATHS, 3, 1), 2.5)
    assert torch.equal(sample_paths(quantiles, [0.7], path_scores(1)[:, 0]), quantiles[..., 0])
