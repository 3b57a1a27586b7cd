"""Configuration of the time-to-text encoder of LLM-PS."""

from typing import Any

from transformers import PreTrainedConfig

from .configuration_checks import check_at_least, check_multiple, validated


@validated
class T2TConfig(PreTrainedConfig):
    r"""Configuration of [`T2TModel`] and [`T2TForPreTraining`] (LLM-PS, arXiv 2503.09656, section 3.3).

    Args:
        context_length (`int`, defaults to 96): number of past time steps.
        patch_length (`int`, defaults to 24): time steps of a patch.
        patch_stride (`int`, defaults to 12): time steps between the starts of two patches. The first steps of the
            series, which do not fill a patch, are left out.
        mask_ratio (`float`, defaults to 0.75): share of the patches hidden in pre-training.
        hidden_size (`int`, defaults to 96): width of a patch.
        intermediate_size (`int`, defaults to 384): width of the feed-forward layers.
        num_hidden_layers (`int`, defaults to 4): encoder layers.
        num_decoder_layers (`int`, defaults to 1): decoder layers.
        num_attention_heads (`int`, defaults to 4): attention heads.
        dropout (`float`, defaults to 0.1): dropout of the encoder and the decoder.
        semantic_words (`list[str]`, defaults to none): words whose LLM embeddings label the patches; without them
            pre-training only rebuilds patches.
        word_embedding_size (`int`, *optional*): width of the LLM embeddings of `semantic_words`.
        semantic_loss_weight (`float`, defaults to 1.0): weight of the label divergence beside the reconstruction
            loss.
        initializer_range (`float`, defaults to 0.02): standard deviation of initial weights.
    """

    model_type = "llmps_t2t"

    context_length: int = 96
    patch_length: int = 24
    patch_stride: int = 12
    mask_ratio: float = 0.75
    hidden_size: int = 96
    intermediate_size: int = 384
    num_hidden_layers: int = 4
    num_decoder_layers: int = 1
    num_attention_heads: int = 4
    dropout: float | int = 0.1
    semantic_words: list[str] | tuple[str, ...] = ()
    word_embedding_size: int | None = None
    semantic_loss_weight: float | int = 1.0
    initializer_range: float = 0.02

    def __post_init__(self, **kwargs: Any) -> None:
        self.semantic_words = list(self.semantic_words)
        super().__post_init__(**kwargs)

    @property
    def num_patches(self) -> int:
        """Number of patches of a window."""
        return (self.context_length - self.patch_length) // self.patch_stride + 1

    def validate_patches(self) -> None:
        """Validate patches and sizes; called by `@strict`."""
        if not 1 <= self.patch_length <= self.context_length:
            raise ValueError(
                f"patch_length is {self.patch_length}; it must be from 1 to context_length ({self.context_length})."
            )
        check_at_least(self, 1, "patch_stride", "num_attention_heads")
        if not 0 < self.mask_ratio < 1:
            raise ValueError(f"mask_ratio is {self.mask_ratio}; it must be between 0 and 1.")
        check_multiple(self, "hidden_size", "num_attention_heads")

    def validate_words(self) -> None:
        """Validate the semantic words; called by `@strict`."""
        if self.semantic_words and self.word_embedding_size is None:
            raise ValueError("semantic_words is set but word_embedding_size is not; give the width of the embeddings.")


__all__ = ["T2TConfig"]
