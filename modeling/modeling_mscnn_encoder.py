"""Encoder of univariate series of any length: patches of the features of LLM-PS's multi-scale CNN."""

import torch
from torch import nn
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput
from transformers.utils.output_capturing import capture_outputs

from .configuration_mscnn_encoder import MSCNNEncoderConfig
from .modeling_mscnn import MSCNN, MSCNNBlock
from .modeling_shared_layers import init_fan_in, pad_to_multiple, series_lengths, sinusoidal_positions


class MSCNNEncoderModel(PreTrainedModel):
    """Multi-scale CNN of LLM-PS (arXiv 2503.09656, section 3.2), one token per patch of its features.

    A linear map, sinusoidal positions, counted in patches from the start of the series, and LayerNorm make a token of
    the features of a patch, as in [`TSEncoderModel`]. The wavelet decoupling of LLM-PS is left out, because it is a
    matrix of one fixed length.
    """

    config: MSCNNEncoderConfig
    config_class = MSCNNEncoderConfig
    base_model_prefix = "encoder"
    main_input_name = "past_values"
    input_modalities = ["time"]
    _no_split_modules = ["MSCNNBlock"]
    _can_record_outputs = {"hidden_states": MSCNNBlock}
    # Without attention, any implementation that the language model asks for will do.
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_flex_attn = True
    _supports_attention_backend = True

    def __init__(self, config: MSCNNEncoderConfig):
        super().__init__(config)
        self.mscnn = MSCNN(
            channels=config.mscnn_channels,
            num_layers=config.mscnn_layers,
            num_branches=config.mscnn_branches,
            length=0,  # read by the wavelet alone
            wavelet_levels=0,
        )
        self.patch_embedding = nn.Conv1d(
            config.mscnn_channels, config.hidden_size, config.patch_length, stride=config.patch_length
        )
        self.layer_norm = nn.LayerNorm(config.hidden_size)
        self.post_init()

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        super()._init_weights(module)
        init_fan_in(module)

    def get_input_embeddings(self) -> nn.Module:
        return self.mscnn.embed

    @capture_outputs(tie_last_hidden_states=False)
    def forward(
        self,
        past_values: torch.Tensor,
        past_observed_mask: torch.Tensor | None = None,
        output_hidden_states: bool | None = None,
    ) -> BaseModelOutput:
        r"""Encode univariate series.

        Args:
            past_values (`torch.Tensor` of shape `(batch, time)`): series, padded with anything to a common length.
            past_observed_mask (`torch.Tensor` of the same shape, *optional*): 1 where a value is observed; by default
                every value is. Steps after the last observed one are padding and do not change the others; a gap
                before it stays a gap.
            output_hidden_states (`bool`, *optional*): whether to return the features before and after each block of
                the multi-scale CNN, each `(batch, mscnn_channels, time)`; by default as configured.

        Returns:
            `BaseModelOutput` whose `last_hidden_state` is `(batch, patches, hidden_size)`, patches being `time` over
            `patch_length`, rounded up; a tuple with `return_dict=False`.
        """
        values, observed = pad_to_multiple(past_values, past_observed_mask, self.config.patch_length)
        step_mask = torch.arange(values.shape[1], device=values.device) < series_lengths(observed)[:, None]
        tokens = self.patch_embedding(self.mscnn(values.to(self.dtype), observed, step_mask)).transpose(1, 2)
        positions = sinusoidal_positions(tokens.shape[1], tokens.shape[2], tokens.device).to(tokens.dtype)
        return BaseModelOutput(last_hidden_state=self.layer_norm(tokens + positions))


__all__ = ["MSCNNEncoderModel"]
