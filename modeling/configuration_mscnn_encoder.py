"""Configuration of the multi-scale CNN of LLM-PS as an encoder of the time-series language model."""

from transformers import PreTrainedConfig

from .configuration_checks import validated


@validated
class MSCNNEncoderConfig(PreTrainedConfig):
    r"""Configuration of [`MSCNNEncoderModel`], the multi-scale CNN of LLM-PS (arXiv 2503.09656, section 3.2) as an
    encoder of series of any length. It has no wavelet decoupling, which is a matrix of one fixed length.

    Args:
        patch_length (`int`, defaults to 4): time steps of a patch; patches do not overlap.
        hidden_size (`int`, defaults to 128): width of a patch, an even number.
        mscnn_channels (`int`, defaults to 32): channels of the multi-scale CNN, a multiple of `mscnn_branches`.
        mscnn_layers (`int`, defaults to 1): blocks of the multi-scale CNN.
        mscnn_branches (`int`, defaults to 4): receptive fields of a block.
    """

    model_type = "ts_mscnn_encoder"

    patch_length: int = 4
    hidden_size: int = 128
    mscnn_channels: int = 32
    mscnn_layers: int = 1
    mscnn_branches: int = 4

    def validate_architecture(self):
        """Part of `@strict`-powered validation."""
        for name in ("patch_length", "hidden_size", "mscnn_channels", "mscnn_branches"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1.")
        if self.mscnn_layers < 0:
            raise ValueError(f"mscnn_layers is {self.mscnn_layers}; it must be at least 0.")
        if self.mscnn_channels % self.mscnn_branches:
            raise ValueError(
                f"mscnn_channels is {self.mscnn_channels}; it must be a multiple of mscnn_branches "
                f"({self.mscnn_branches})."
            )
        if self.hidden_size % 2:
            raise ValueError(f"hidden_size is {self.hidden_size}; sinusoidal positions need an even one.")


__all__ = ["MSCNNEncoderConfig"]
