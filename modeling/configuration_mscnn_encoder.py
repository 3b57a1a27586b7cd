"""Configuration of the multi-scale CNN of LLM-PS as an encoder of the time-series language model."""

from transformers import PreTrainedConfig

from .configuration_checks import check_at_least, check_multiple, validated


@validated
class MSCNNEncoderConfig(PreTrainedConfig):
    r"""Configuration of [`MSCNNEncoderModel`] (LLM-PS, arXiv 2503.09656, section 3.2), for series of any length.

    Args:
        patch_length (`int`, defaults to 4): time steps of a patch; patches do not overlap.
        hidden_size (`int`, defaults to 128): width of a patch, an even number.
        mscnn_channels (`int`, defaults to 32): channels of the multi-scale CNN, a multiple of `mscnn_branches`.
        mscnn_layers (`int`, defaults to 1): blocks of the multi-scale CNN.
        mscnn_branches (`int`, defaults to 4): receptive fields of a block of the multi-scale CNN.
    """

    model_type = "ts_mscnn_encoder"

    patch_length: int = 4
    hidden_size: int = 128
    mscnn_channels: int = 32
    mscnn_layers: int = 1
    mscnn_branches: int = 4

    def validate_architecture(self) -> None:
        """Validate sizes; called by `@strict`."""
        check_at_least(self, 1, "patch_length", "hidden_size", "mscnn_channels", "mscnn_branches")
        check_at_least(self, 0, "mscnn_layers")
        check_multiple(self, "mscnn_channels", "mscnn_branches")
        if self.hidden_size % 2:
            raise ValueError(f"hidden_size is {self.hidden_size}; sinusoidal positions need an even one.")


__all__ = ["MSCNNEncoderConfig"]
