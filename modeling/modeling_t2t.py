"""The time-to-text (T2T) encoder of LLM-PS (arXiv 2503.09656, section 3.3).

Pre-trained by rebuilding masked patches, and by giving each rebuilt patch the semantic label of the true one: its
similarities to words of a language model. The forecaster uses the frozen encoder in training only.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import PreTrainedModel
from transformers import initialization as init
from transformers.utils import ModelOutput
from transformers.utils.output_capturing import OutputRecorder, capture_outputs

from .configuration_t2t import T2TConfig
from .modeling_scaling import fit_to_length, observed, standardise


@dataclass
class T2TModelOutput(ModelOutput):
    """Output of [`T2TModel`].

    Args:
        last_hidden_state: features of the patches, (batch, variables, patches, hidden_size).
        hidden_states: those before and after each layer, (batch * variables, patches, hidden_size), where asked for.
    """

    last_hidden_state: Tensor | None = None
    hidden_states: tuple[Tensor, ...] | None = None


@dataclass
class T2TForPreTrainingOutput(ModelOutput):
    """Output of [`T2TForPreTraining`].

    Args:
        loss: reconstruction loss plus the weighted semantic loss, scalar.
        reconstruction_loss: mean squared error over the observed values of the masked patches, scalar.
        semantic_loss: mean divergence of the labels of the rebuilt patches from those of the true ones, scalar.
        reconstruction: rebuilt patches in the scale of the normalised window, (batch, variables, patches,
            patch_length).
        patch_mask: True where a patch was hidden, (batch, variables, patches).
        hidden_states: of the encoder, before and after each layer, (batch * variables, patches, hidden_size), where
            asked for.
    """

    loss: Tensor | None = None
    reconstruction_loss: Tensor | None = None
    semantic_loss: Tensor | None = None
    reconstruction: Tensor | None = None
    patch_mask: Tensor | None = None
    hidden_states: tuple[Tensor, ...] | None = None


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
    """Weight initialisation and loading, as in all models of transformers."""

    config: T2TConfig
    base_model_prefix = "encoder"
    main_input_name = "past_values"
    input_modalities = ("time",)
    _input_embed_layer = "patch_embedding"
    _can_record_outputs = {  # noqa: RUF012
        "hidden_states": OutputRecorder(nn.TransformerEncoderLayer, layer_name="encoder")
    }

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        super()._init_weights(module)
        if isinstance(module, T2TModel):
            init.normal_(module.position_embeddings, std=self.config.initializer_range)
            init.normal_(module.mask_token, std=self.config.initializer_range)
        elif isinstance(module, T2TForPreTraining) and module.label_projection is not None:
            init.orthogonal_(module.label_projection)
            init.normal_(module.word_embeddings)


class T2TModel(T2TPreTrainedModel):
    """Encoder of the patches of every variable on its own."""

    _can_record_outputs = {"hidden_states": nn.TransformerEncoderLayer}  # noqa: RUF012

    def __init__(self, config: T2TConfig):
        super().__init__(config)
        self.patch_embedding = nn.Linear(config.patch_length, config.hidden_size)
        self.position_embeddings = nn.Parameter(torch.empty(config.num_patches, config.hidden_size))
        self.mask_token = nn.Parameter(torch.empty(config.hidden_size))
        self.layers = _transformer(config, config.num_hidden_layers)
        self.post_init()

    def patches(self, past_values: Tensor, past_observed_mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Cuts normalised windows into overlapping patches.

        Args:
            past_values: (batch, time, variables); NaN is missing.
            past_observed_mask: same shape, True or 1 where a value is to be used.

        Returns:
            Patches and their observation mask, both (batch, variables, patches, patch_length).
        """
        values, mask = fit_to_length(
            past_values, observed(past_values, past_observed_mask), self.config.context_length
        )
        values, _, _ = standardise(values, mask)
        used = (self.config.num_patches - 1) * self.config.patch_stride + self.config.patch_length
        return tuple(
            x[:, -used:].transpose(1, 2).unfold(-1, self.config.patch_length, self.config.patch_stride)
            for x in (values.to(self.dtype), mask)
        )

    def encode(self, patches: Tensor, patch_mask: Tensor | None = None) -> Tensor:
        """Maps patches (batch, variables, patches, patch_length) to features; hidden ones become the mask token."""
        hidden_states = self.patch_embedding(patches)
        if patch_mask is not None:
            hidden_states = torch.where(patch_mask[..., None], self.mask_token, hidden_states)
        hidden_states = hidden_states + self.position_embeddings
        return self.layers(hidden_states.flatten(0, 1)).view_as(hidden_states)

    @capture_outputs(tie_last_hidden_states=False)
    def forward(
        self,
        past_values: Tensor,
        past_observed_mask: Tensor | None = None,
        output_hidden_states: bool | None = None,
    ) -> T2TModelOutput:
        """Features of the patches of each variable; the first arguments are those of `patches`."""
        patches, _ = self.patches(past_values, past_observed_mask)
        return T2TModelOutput(last_hidden_state=self.encode(patches))


class T2TForPreTraining(T2TPreTrainedModel):
    """Masked reconstruction of patches, and the semantic labels of LLM-PS equation 8.

    The label scores of a patch are its projection to the width of the language model, times the word embeddings. The
    projection keeps its random orthogonal start: were it trained, giving every patch the same label would be a perfect
    solution. For the same reason the true patch's labels are targets, without gradient.
    """

    def __init__(self, config: T2TConfig):
        super().__init__(config)
        self.encoder = T2TModel(config)
        self.decoder = _transformer(config, config.num_decoder_layers)
        self.reconstruction_head = nn.Linear(config.hidden_size, config.patch_length)
        if config.semantic_words:
            width = config.word_embedding_size
            self.register_buffer("label_projection", torch.empty(width, config.patch_length))
            self.register_buffer("word_embeddings", torch.empty(len(config.semantic_words), width))
        else:
            self.label_projection = self.word_embeddings = None
        self.post_init()

    def set_word_embeddings(self, embeddings: Tensor) -> None:
        """Takes the embeddings of `config.semantic_words`, (words, word_embedding_size), each scaled to length 1."""
        if self.word_embeddings is None or embeddings.shape != self.word_embeddings.shape:
            expected = None if self.word_embeddings is None else tuple(self.word_embeddings.shape)
            raise ValueError(
                f"embeddings have shape {tuple(embeddings.shape)}; the configuration asks for {expected}."
            )
        self.word_embeddings.copy_(F.normalize(embeddings.float(), dim=-1))

    def _label_scores(self, patches: Tensor) -> Tensor:
        return F.normalize(F.linear(patches, self.label_projection), dim=-1) @ self.word_embeddings.T

    def _draw_patch_mask(self, shape: torch.Size, device: torch.device) -> Tensor:
        """Hides the same number of patches, at random places, in every series: at least one, and not all."""
        hidden = min(max(1, round(self.config.mask_ratio * shape[-1])), max(1, shape[-1] - 1))
        order = torch.rand(shape, device=device).argsort(-1)
        return order < hidden

    @capture_outputs(tie_last_hidden_states=False)
    def forward(
        self,
        past_values: Tensor,
        past_observed_mask: Tensor | None = None,
        patch_mask: Tensor | None = None,
        output_hidden_states: bool | None = None,
    ) -> T2TForPreTrainingOutput:
        """Rebuilds hidden patches.

        Args:
            past_values: (batch, time, variables); NaN is missing.
            past_observed_mask: same shape, True or 1 where a value is to be used.
            patch_mask: boolean (batch, variables, patches), True where a patch is hidden; drawn at random by default.
            output_hidden_states: also return the hidden states of the encoder; by default as the configuration says.
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
        if self.label_projection is not None:
            with torch.no_grad():
                target = self._label_scores(patches).softmax(-1)
            predicted = self._label_scores(reconstruction).log_softmax(-1)
            semantic_loss = F.kl_div(predicted, target, reduction="none").sum(-1).mean()
            loss = loss + self.config.semantic_loss_weight * semantic_loss
        return T2TForPreTrainingOutput(
            loss=loss,
            reconstruction_loss=reconstruction_loss,
            semantic_loss=semantic_loss,
            reconstruction=reconstruction,
            patch_mask=patch_mask,
        )


__all__ = ["T2TForPreTraining", "T2TModel", "T2TPreTrainedModel"]

# A saved checkpoint carries this code, for those who load it with `trust_remote_code=True`.
T2TConfig.register_for_auto_class()
T2TModel.register_for_auto_class("AutoModel")
T2TForPreTraining.register_for_auto_class("AutoModelForPreTraining")
