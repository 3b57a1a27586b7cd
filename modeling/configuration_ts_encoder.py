"""Configuration of the patch encoder of OpenTSLM."""

from typing import Literal

from transformers import PreTrainedConfig

from .configuration_checks import check_at_least, validated


@validated
class TSEncoderConfig(PreTrainedConfig):
    r"""Configuration of [`TSEncoderModel`], the patch encoder of OpenTSLM (arXiv 2510.02410, section 3.1).

    Args:
        patch_length (`int`, defaults to 4): time steps of a patch; patches do not overlap.
        hidden_size (`int`, defaults to 128): width of a patch.
        num_hidden_layers (`int`, defaults to 6): transformer layers; with 0 a patch sees only itself, as in the
            Flamingo variant of the paper.
        num_attention_heads (`int`, defaults to 8): attention heads, a divisor of `hidden_size`.
        intermediate_size (`int`, defaults to 1024): width of the feed-forward network.
        hidden_act (`str`, defaults to `"gelu"`): activation of the feed-forward network.
        layer_norm_eps (`float`, defaults to 1e-5): epsilon of every LayerNorm.
        dropout (`float`, defaults to 0.0): dropout of the embeddings and inside the layers.
        position_embedding_type (`str`, defaults to `"sinusoidal"`): kind of positions. `"sinusoidal"` take any length;
            `"learned"` positions, those of the published checkpoints, take `max_position_embeddings` patches.
        max_position_embeddings (`int`, defaults to 1024): rows of the learned table; unused with `"sinusoidal"`.
        convolution_components (`int`, defaults to 0): principal components of random convolutions of the whole series,
            which are added to each of its tokens; not in the paper. 0 for none.
    """

    model_type = "ts_patch_encoder"

    patch_length: int = 4
    hidden_size: int = 128
    num_hidden_layers: int = 6
    num_attention_heads: int = 8
    intermediate_size: int = 1024
    hidden_act: str = "gelu"
    layer_norm_eps: float = 1e-5
    dropout: float | int = 0.0
    position_embedding_type: Literal["sinusoidal", "learned"] = "sinusoidal"
    max_position_embeddings: int = 1024
    convolution_components: int = 0

    def validate_architecture(self) -> None:
        """Validate sizes; called by `@strict`."""
        check_at_least(self, 1, "patch_length", "hidden_size", "num_attention_heads", "max_position_embeddings")
        check_at_least(self, 0, "num_hidden_layers", "convolution_components")
        if self.hidden_size % self.num_attention_heads:
            raise ValueError(
                f"num_attention_heads is {self.num_attention_heads}; it must divide hidden_size {self.hidden_size}."
            )
        if self.position_embedding_type == "sinusoidal" and self.hidden_size % 2:
            raise ValueError(f"hidden_size is {self.hidden_size}; sinusoidal positions need an even one.")


__all__ = ["TSEncoderConfig"]
