"""Configuration of the encoder of random convolutions."""

from transformers import PreTrainedConfig

from .configuration_checks import check_at_least, validated

# Kernels of a dilation: nine weights, of which three are 2 and six are -1.
NUM_KERNELS = 84
# Steps that a series is read at: its values, and their differences.
NUM_ORDERS = 2


@validated
class RandomConvolutionConfig(PreTrainedConfig):
    r"""Configuration of [`RandomConvolutionModel`] (MiniRocket, arXiv 2012.08791), for samples of so many series.

    Args:
        num_series (`int`, defaults to 1): series of a sample.
        hidden_size (`int`, defaults to 64): numbers that a sample is projected to.
        dilations (`list[int]`, defaults to `[1, 2, 4, 8, 16, 32]`): time steps between the nine weights of a kernel.
        stride (`int`, defaults to 1): time steps between two places of a kernel.
        biases_per_kernel (`int`, defaults to 4): thresholds of the answers of a kernel; each gives a feature.
        dropout (`float`, defaults to 0.1): share of the features that are left out in training.
        seed (`int`, defaults to 0): seed of the draws of series for kernels.
    """

    model_type = "ts_random_convolutions"

    num_series: int = 1
    hidden_size: int = 64
    dilations: list[int] | tuple[int, ...] = (1, 2, 4, 8, 16, 32)
    stride: int = 1
    biases_per_kernel: int = 4
    dropout: float | int = 0.1
    seed: int = 0

    @property
    def num_features(self) -> int:
        """Number of features of a sample by its convolutions."""
        return NUM_ORDERS * len(self.dilations) * NUM_KERNELS * self.biases_per_kernel

    def validate_architecture(self) -> None:
        """Validate sizes; called by `@strict`."""
        check_at_least(self, 1, "num_series", "hidden_size", "stride", "biases_per_kernel")
        if not self.dilations or min(self.dilations) < 1:
            raise ValueError(f"dilations is {self.dilations}; give at least one, each at least 1.")


__all__ = ["NUM_KERNELS", "NUM_ORDERS", "RandomConvolutionConfig"]
