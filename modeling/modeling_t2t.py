"""Time-to-text (T2T) encoder of LLM-PS (arXiv 2503.09656, section 3.3).

Pre-training reconstructs masked patches, and draws the semantic label of each, its similarities to words of a language
model, to that of the true patch. The forecaster uses the frozen encoder in training only.
"""

from dataclasses import dataclass

import torch
from torch import nn
from transformers import PreTrainedModel
from transformers import initialization as init
from transformers.utils import ModelOutput
from transformers.utils.output_capturing import OutputRecorder, capture_outputs

from .configuration_t2t import T2TConfig
from .modeling_scaling import fit_to_length, standardize


@dataclass
class T2TModelOutput(ModelOutput):
    """Output of [`T2TModel`].

    Args:
        last_hidden_state: features of the patches, (batch, variables, patches, hidden_size).
        hidden_states: features before and after each layer, (batch * variables, patches, hidden_size), on request.
    """

    last_hidden_state: torch.Tensor | None = None
    hidden_states: tuple[torch.Tensor, ...] | None = None


@dataclass
class T2TForPreTrainingOutput(ModelOutput):
    """Output of [`T2TForPreTraining`].

    Args:
        loss: reconstruction loss plus the weighted semantic loss, scalar.
        reconstruction_loss: mean squared error over the observed values of the masked patches, scalar.
        semantic_loss: mean divergence of the labels of the reconstructions from those of the true patches, scalar;
            None without words.
        reconstruction: patches in the scale of the normalized window, (batch, variables, patches, patch_length).
        patch_mask: True where a patch was hidden, (batch, variables, patches).
        hidden_states: features of the encoder before and after each layer, (batch * variables, patches, hidden_size),
            on request.
    """

    loss: torch.Tensor | None = None
    reconstruction_loss: torch.Tensor | None = None
    semantic_loss: torch.Tensor | None = None
    reconstruction: torch.Tensor | None = None
    patch_mask: torch.Tensor | None = None
    hidden_states: tuple[torch.Tensor, ...] | None = None


def _transformer(config: T2TConfig, num_layers: int) -> nn.TransformerEncoder:
    layer = nn.TransformerEncoderLayer(
        d_model=config.hidden_size,
        nhead=config.num_attention_heads,
        dim_feedforward=config.intermediate_size,
        dropout=float(config.dropout),
        activation="gelu",
        batch_first=True,
        norm_first=True,
    )
    return nn.TransformerEncoder(layer, num_layers, norm=nn.LayerNorm(config.hidden_size), enable_nested_tensor=False)


class T2TPreTrainedModel(PreTrainedModel):
    """Base class: weight initialization and loading."""

    config: T2TConfig
    base_model_prefix = "encoder"
    main_input_name = "past_values"
    input_modalities = ["time"]
    _input_embed_layer = "patch_embedding"
    _can_record_outputs = {"hidden_states": OutputRecorder(nn.TransformerEncoderLayer, layer_name="encoder")}

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        super()._init_weights(module)
        if isinstance(module, T2TModel):
            init.normal_(module.position_embeddings, std=self.config.initializer_range)
            init.normal_(module.mask_token, std=self.config.initializer_range)
        elif isinstance(module, T2TForPreTraining) and self.config.semantic_words:
            init.orthogonal_(module.label_projection)
            init.normal_(module.word_embeddings)


class T2TModel(T2TPreTrainedModel):
    """Encoder of patches, each variable on its own."""

    _can_record_outputs = {"hidden_states": nn.TransformerEncoderLayer}

    def __init__(self, config: T2TConfig):
        super().__init__(config)
        self.patch_embedding = nn.Linear(config.patch_length, config.hidden_size)
        self.position_embeddings = nn.Parameter(torch.empty(config.num_patches, config.hidden_size))
        self.mask_token = nn.Parameter(torch.empty(config.hidden_size))
        self.layers = _transformer(config, config.num_hidden_layers)
        self.post_init()

    def patches(
        self, past_values: torch.Tensor, past_observed_mask: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Cut normalized windows into overlapping patches.

        Args:
            past_values: (batch, time, variables); NaN is missing.
            past_observed_mask: same shape, True or 1 where a value is used.

        Returns:
            Patches and their observation mask, both (batch, variables, patches, patch_length).
        """
        values, mask = fit_to_length(past_values, past_observed_mask, self.config.context_length)
        values, _, _ = standardize(values, mask)
        used = (self.config.num_patches - 1) * self.config.patch_stride + self.config.patch_length
        values, mask = (
            x[:, -used:].transpose(1, 2).unfold(-1, self.config.patch_length, self.config.patch_stride)
            for x in (values.to(self.dtype), mask)
        )
        return values, mask

    def encode(self, patches: torch.Tensor, patch_mask: torch.Tensor | None = None) -> torch.Tensor:
        """Map patches (batch, variables, patches, patch_length) to features; hidden ones become the mask token."""
        hidden_states = self.patch_embedding(patches)
        if patch_mask is not None:
            hidden_states = torch.where(patch_mask[..., None], self.mask_token, hidden_states)
        hidden_states = hidden_states + self.position_embeddings
        return self.layers(hidden_states.flatten(0, 1)).view_as(hidden_states)

    @capture_outputs(tie_last_hidden_states=False)
    def forward(
        self,
        past_values: torch.Tensor,
        past_observed_mask: torch.Tensor | None = None,
        output_hidden_states: bool | None = None,
    ) -> T2TModelOutput:
        """Encode the patches of each variable; the first arguments are those of `patches`."""
        patches, _ = self.patches(past_values, past_observed_mask)
        return T2TModelOutput(last_hidden_state=self.encode(patches))


class T2TForPreTraining(T2TPreTrainedModel):
    """Pre-training by masked reconstruction and by semantic labels (LLM-PS, equation 8).

    The label scores of a patch are its projection to the width of the language model, times the word embeddings. The
    projection keeps its random orthogonal initialization: training it could give every patch the same label, a perfect
    solution. For the same reason the labels of the true patch are targets without gradient.
    """

    # Buffers of a model with words.
    label_projection: torch.Tensor
    word_embeddings: torch.Tensor

    def __init__(self, config: T2TConfig):
        super().__init__(config)
        self.encoder = T2TModel(config)
        self.decoder = _transformer(config, config.num_decoder_layers)
        self.reconstruction_head = nn.Linear(config.hidden_size, config.patch_length)
        if config.semantic_words and config.word_embedding_size is not None:
            width = config.word_embedding_size
            self.register_buffer("label_projection", torch.empty(width, config.patch_length))
            self.register_buffer("word_embeddings", torch.empty(len(config.semantic_words), width))
        self.post_init()

    def set_word_embeddings(self, embeddings: torch.Tensor) -> None:
        """Set the embeddings of `config.semantic_words`, (words, word_embedding_size); each is scaled to length 1."""
        shape, expected = tuple(embeddings.shape), (len(self.config.semantic_words), self.config.word_embedding_size)
        if shape != expected:
            raise ValueError(f"embeddings have shape {shape}; the configuration asks for {expected}.")
        self.word_embeddings.copy_(nn.functional.normalize(embeddings.float(), dim=-1))

    def _label_scores(self, patches: torch.Tensor) -> torch.Tensor:
        """Cosine similarities (..., words) of patches (..., patch_length) to words."""
        projected = nn.functional.linear(patches, self.label_projection)
        return nn.functional.normalize(projected, dim=-1) @ self.word_embeddings.T

    def _draw_patch_mask(self, shape: torch.Size, device: torch.device) -> torch.Tensor:
        """Random mask that hides the same number of patches in every series: at least one, and not all."""
        hidden = min(max(1, round(self.config.mask_ratio * shape[-1])), max(1, shape[-1] - 1))
        return torch.rand(shape, device=device).argsort(-1) < hidden

    @capture_outputs(tie_last_hidden_states=False)
    def forward(
        self,
        past_values: torch.Tensor,
        past_observed_mask: torch.Tensor | None = None,
        patch_mask: torch.Tensor | None = None,
        output_hidden_states: bool | None = None,
    ) -> T2TForPreTrainingOutput:
        """Reconstruct hidden patches; the first arguments are those of [`T2TModel.patches`].

        Args:
            past_values: (batch, time, variables).
            past_observed_mask: same shape.
            patch_mask: boolean (batch, variables, patches), True where a patch is hidden; drawn at random by default.
            output_hidden_states: whether to return the hidden states of the encoder; by default as configured.
        """
        patches, patch_observed = self.encoder.patches(past_values, past_observed_mask)
        if patch_mask is None:
            patch_mask = self._draw_patch_mask(patches.shape[:3], patches.device)
        hidden_states = self.encoder.encode(patches, patch_mask) + self.encoder.position_embeddings
        decoded = self.decoder(hidden_states.flatten(0, 1)).view_as(hidden_states)
        reconstruction = self.reconstruction_head(decoded)

        counted = patch_mask[..., None] & patch_observed
        error = torch.where(counted, reconstruction - patches, 0.0).square().sum()
        reconstruction_loss = loss = error / counted.sum().clamp(min=1)
        semantic_loss = None
        if self.config.semantic_words:
            with torch.no_grad():
                target = self._label_scores(patches).softmax(-1)
            predicted = self._label_scores(reconstruction).log_softmax(-1)
            semantic_loss = nn.functional.kl_div(predicted, target, reduction="none").sum(-1).mean()
            loss = loss + self.config.semantic_loss_weight * semantic_loss
        return T2TForPreTrainingOutput(
            loss=loss,
            reconstruction_loss=reconstruction_loss,
            semantic_loss=semantic_loss,
            reconstruction=reconstruction,
            patch_mask=patch_mask,
        )


__all__ = ["T2TForPreTraining", "T2TModel", "T2TPreTrainedModel"]

# Checkpoints carry this code, which loads with `trust_remote_code=True`.
T2TConfig.register_for_auto_class()
T2TModel.register_for_auto_class("AutoModel")
T2TForPreTraining.register_for_auto_class("AutoModelForPreTraining")
