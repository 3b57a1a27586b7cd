"""Patch encoder of OpenTSLM, for univariate series of any length."""

import torch
from torch import nn
from transformers import PreTrainedModel
from transformers import initialization as init
from transformers.activations import ACT2FN
from transformers.modeling_layers import GradientCheckpointingLayer
from transformers.modeling_outputs import BaseModelOutput
from transformers.utils.output_capturing import OutputRecorder, capture_outputs

from .configuration_ts_encoder import TSEncoderConfig
from .modeling_convolution_components import ConvolutionComponents
from .modeling_shared_layers import additive_mask, attend, init_fan_in, pad_to_multiple, sinusoidal_positions


class TSEncoderEmbeddings(nn.Module):
    """Embeddings of patches: one linear map, plus the position, then LayerNorm."""

    def __init__(self, config: TSEncoderConfig):
        super().__init__()
        self.config = config
        self.patch_embedding = nn.Conv1d(
            1, config.hidden_size, config.patch_length, stride=config.patch_length, bias=False
        )
        if config.position_embedding_type == "learned":
            self.position_embeddings = nn.Parameter(torch.empty(config.max_position_embeddings, config.hidden_size))
        self.layer_norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Map values (batch, time) to embeddings (batch, patches, hidden_size)."""
        patches = self.patch_embedding(values[:, None]).transpose(1, 2)
        return self.dropout(self.layer_norm(patches + self.positions(patches)))

    def positions(self, patches: torch.Tensor) -> torch.Tensor:
        """Position embeddings (patches, hidden_size) of patches (batch, patches, hidden_size)."""
        length = patches.shape[1]
        if self.config.position_embedding_type == "sinusoidal":
            return sinusoidal_positions(length, patches.shape[2], patches.device).to(patches.dtype)
        if length > self.config.max_position_embeddings:
            limit = self.config.max_position_embeddings * self.config.patch_length
            raise ValueError(
                f"A series of about {length * self.config.patch_length} points is longer than the {limit} points of "
                "the encoder's learned positions; shorten it, or use position_embedding_type='sinusoidal'."
            )
        return self.position_embeddings[:length]


class TSEncoderLayer(GradientCheckpointingLayer):
    """Transformer layer with LayerNorm after each residual sum, as in the published checkpoints."""

    def __init__(self, config: TSEncoderConfig):
        super().__init__()
        self.config = config
        self.head_dim = config.hidden_size // config.num_attention_heads
        self.is_causal = False
        self.q_proj = nn.Linear(config.hidden_size, config.hidden_size)
        self.k_proj = nn.Linear(config.hidden_size, config.hidden_size)
        self.v_proj = nn.Linear(config.hidden_size, config.hidden_size)
        self.o_proj = nn.Linear(config.hidden_size, config.hidden_size)
        self.attention_norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.up_proj = nn.Linear(config.hidden_size, config.intermediate_size)
        self.down_proj = nn.Linear(config.intermediate_size, config.hidden_size)
        self.activation = ACT2FN[config.hidden_act]
        self.mlp_norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self, hidden_states: torch.Tensor, attention_mask: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Hidden states (batch, patches, hidden_size), and from eager attention its weights."""
        shape = (*hidden_states.shape[:2], -1, self.head_dim)
        query, key, value = (
            projection(hidden_states).view(shape).transpose(1, 2)
            for projection in (self.q_proj, self.k_proj, self.v_proj)
        )
        attended, weights = attend(self, query, key, value, attention_mask, self.config.dropout)
        hidden_states = self.attention_norm(hidden_states + self.dropout(self.o_proj(attended.flatten(2))))
        mlp = self.down_proj(self.dropout(self.activation(self.up_proj(hidden_states))))
        return self.mlp_norm(hidden_states + self.dropout(mlp)), weights


class TSEncoderModel(PreTrainedModel):
    """Patch encoder of OpenTSLM (arXiv 2510.02410, section 3.1).

    A patch without an observed value is hidden from the others. Positions count patches from the start of the series.
    With `convolution_components`, a description of the whole series is added to its tokens
    ([`ConvolutionComponents`]), which is not in the paper.
    """

    config: TSEncoderConfig
    config_class = TSEncoderConfig
    base_model_prefix = "encoder"
    main_input_name = "past_values"
    input_modalities = ["time"]
    supports_gradient_checkpointing = True
    _no_split_modules = ["TSEncoderLayer"]
    _can_record_outputs = {"hidden_states": TSEncoderLayer, "attentions": OutputRecorder(TSEncoderLayer, index=1)}
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_attention_backend = True

    def __init__(self, config: TSEncoderConfig):
        super().__init__(config)
        self.embeddings = TSEncoderEmbeddings(config)
        self.layers = nn.ModuleList([TSEncoderLayer(config) for _ in range(config.num_hidden_layers)])
        if config.convolution_components:
            self.convolution_components = ConvolutionComponents(config)
        self.gradient_checkpointing = False
        self.post_init()

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        super()._init_weights(module)
        init_fan_in(module)
        if isinstance(module, TSEncoderEmbeddings) and self.config.position_embedding_type == "learned":
            init.normal_(module.position_embeddings, std=1.0)
        if isinstance(module, ConvolutionComponents):
            module.init_buffers()

    def get_input_embeddings(self) -> nn.Module:
        return self.embeddings.patch_embedding

    @capture_outputs
    def forward(
        self,
        past_values: torch.Tensor,
        past_observed_mask: torch.Tensor | None = None,
        output_hidden_states: bool | None = None,
        output_attentions: bool | None = None,
    ) -> BaseModelOutput:
        r"""Encode univariate series.

        Args:
            past_values (`torch.Tensor` of shape `(batch, time)`): series, padded with anything to a common length.
            past_observed_mask (`torch.Tensor` of the same shape, *optional*): 1 where a value is observed; by default
                every value is.
            output_hidden_states (`bool`, *optional*): whether to return the hidden states; by default as configured.
            output_attentions (`bool`, *optional*): whether to return the attention weights, which needs eager
                attention; by default as configured.

        Returns:
            `BaseModelOutput` whose `last_hidden_state` is `(batch, patches, hidden_size)`, patches being `time` over
            `patch_length`, rounded up; a tuple with `return_dict=False`.

        Raises:
            ValueError: the series has more patches than a learned table of positions has rows.
        """
        values, observed = pad_to_multiple(past_values, past_observed_mask, self.config.patch_length)
        hidden_states = self.embeddings(values.to(self.dtype))
        visible = observed.unflatten(1, (-1, self.config.patch_length)).any(-1)
        attention_mask = additive_mask(visible[:, None, None], hidden_states.dtype)
        for layer in self.layers:
            hidden_states, _ = layer(hidden_states, attention_mask)
        if self.config.convolution_components:
            hidden_states = hidden_states + self.convolution_components(values, observed)[:, None]
        return BaseModelOutput(last_hidden_state=hidden_states)


__all__ = ["TSEncoderModel"]
