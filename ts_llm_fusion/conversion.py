"""Conversion of published OpenTSLM checkpoints to models and processors of this package."""

import logging
import re
from contextlib import nullcontext
from pathlib import Path
from typing import Any, cast

import torch
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from .errors import UserError
from .modeling.configuration_ts_encoder import TSEncoderConfig
from .modeling.modeling_text_sources import find_text_model
from .modeling.modeling_tslm import TSLMForCausalLM
from .processing.chat_templates import OPENTSLM_FLAMINGO_TEMPLATE, OPENTSLM_SOFT_PROMPT_TEMPLATE
from .processing.processing_time_series import TimeSeriesProcessor

logger = logging.getLogger(__name__)

StateDict = dict[str, torch.Tensor]

# Sizes fixed in the reference implementation that cannot be read from tensors.
_NUM_HEADS = 8
_HEAD_DIM = 64
_END_OF_CHUNK = "<|endofchunk|>"
_FLAMINGO_PAD = "<PAD>"
# Fusion -> placeholder of a series, and chat template.
_TOKENS = {"soft_prompt": "<|time_series|>", "flamingo": "<image>"}
_TEMPLATES = {"soft_prompt": OPENTSLM_SOFT_PROMPT_TEMPLATE, "flamingo": OPENTSLM_FLAMINGO_TEMPLATE}

# Names in a layer of torch's transformer encoder -> ours; query, key and value are packed there.
_ENCODER_LAYER_NAMES = {
    "self_attn.out_proj": "o_proj",
    "norm1": "attention_norm",
    "linear1": "up_proj",
    "linear2": "down_proj",
    "norm2": "mlp_norm",
}


def convert_opentslm(
    checkpoint: str | Path,
    llm: str,
    output: str | Path,
    joint_latents: bool = False,
    observe_padding: bool = True,
    dtype: str = "float32",
) -> Path:
    """Convert a published OpenTSLM checkpoint.

    The fusion, soft prompt or Flamingo, and all sizes are read from the tensors in the file. LoRA adapters are merged
    into the language model. The processor reproduces the prompts of the reference and adds no scales, because the
    data sets of the reference state mean and standard deviation in the text of a series.

    Args:
        checkpoint: the `.pt` file; it is read as tensors only, never as code.
        llm: name or path of the language model that the checkpoint was trained on.
        output: folder for the model and its processor.
        joint_latents: Flamingo: compress all series of a sample together instead of separately, as the reference did
            in training. Checkpoints trained on several series need it.
        observe_padding: pad the series of a sample with zeros that count as values, as the reference did in training.
        dtype: dtype of the converted weights.

    Returns:
        The folder.

    Raises:
        ValueError: if the file holds more than tensors and LoRA settings, is not an OpenTSLM checkpoint, or does not
            fit the language model.
    """
    state = load_checkpoint(checkpoint)
    if "encoder_state" in state and "projector_state" in state:
        if joint_latents:
            raise UserError("joint_latents is for Flamingo checkpoints; this one is a soft prompt.")
        model, tokenizer = _convert_soft_prompt(state, llm, dtype), None
    elif "model_state" in state or "llm" in state:
        model, tokenizer = _convert_flamingo(state.get("model_state") or state["llm"], llm, dtype, joint_latents)
    else:
        raise UserError(
            f"{checkpoint} has the entries {sorted(state)[:8]}; an OpenTSLM checkpoint has encoder_state and "
            "projector_state, or model_state, or llm."
        )
    processor = TimeSeriesProcessor.from_backbone(
        llm,
        model.config,
        time_series_token=_TOKENS[model.config.fusion],
        tokenizer=tokenizer,
        chat_template=_TEMPLATES[model.config.fusion],
        scale_text=None,
        observe_padding=observe_padding,
    )
    output = Path(output)
    model.save_pretrained(output)
    processor.save_pretrained(output)
    logger.info("Converted a %s checkpoint to %s", model.config.fusion, output)
    return output


def load_checkpoint(checkpoint: str | Path) -> dict[str, Any]:
    """Read a `.pt` file with `weights_only=True`; it may hold tensors and the settings of a LoRA adapter.

    Raises:
        ValueError: if the file is damaged, or holds other objects, which unpickling would run as code.
    """
    # The error of torch for a damaged file depends on the place of the damage.
    damage = (EOFError, LookupError, RuntimeError, ValueError, ModuleNotFoundError)
    try:
        with _allow_lora_settings():
            return torch.load(checkpoint, map_location="cpu", weights_only=True)
    except (*damage, torch.serialization.pickle.UnpicklingError) as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise UserError(
            f"{checkpoint} cannot be read as tensors and LoRA settings alone, so it is refused: {reason}"
        ) from error


def _allow_lora_settings() -> Any:
    """Allow `weights_only` to load the LoRA settings that the reference pickled, if peft is installed."""
    try:
        from peft import LoraConfig
        from peft.tuners.lora.config import LoraRuntimeConfig
        from peft.utils.peft_types import PeftType, TaskType
    except ImportError:
        return nullcontext()
    return torch.serialization.safe_globals([LoraConfig, LoraRuntimeConfig, PeftType, TaskType, set])


def _convert_soft_prompt(state: dict[str, Any], llm: str, dtype: str) -> TSLMForCausalLM:
    encoder_state, projector = state["encoder_state"], state["projector_state"]
    model = TSLMForCausalLM.from_backbone(
        llm,
        time_series_token=_TOKENS["soft_prompt"],
        config={"fusion": "soft_prompt", "encoder_config": _encoder_config(encoder_state)},
        dtype=dtype,
    )
    # The published models have no placeholder token; its row must not be read or predicted.
    token = model.config.time_series_token_id
    for embeddings in (model.get_input_embeddings(), model.get_output_embeddings()):
        cast(torch.nn.Linear, embeddings).weight.data[token] = 0.0
    _load(model.model.encoder, _encoder_weights(encoder_state))
    _load(
        model.model.projector,
        {
            "norm.weight": projector["projector.0.weight"],
            "norm.bias": projector["projector.0.bias"],
            "linear.weight": projector["projector.1.weight"],
            "linear.bias": projector["projector.1.bias"],
        },
    )
    if state.get("lora_enabled"):
        _merge_lora(model.model.backbone, state["lora_state"], state.get("lora_config"))
    return model


def _convert_flamingo(
    weights: StateDict, llm: str, dtype: str, joint_latents: bool
) -> tuple[TSLMForCausalLM, PreTrainedTokenizerBase]:
    prefix = next((prefix for prefix in ("model.", "llm.", "") if f"{prefix}perceiver.latents" in weights), None)
    if prefix is None:
        raise UserError("The checkpoint has no perceiver.latents, so it is not a Flamingo checkpoint of OpenTSLM.")
    weights = {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
    encoder_state = _below(weights, "vision_encoder.")
    perceiver = _below(weights, "perceiver.")
    blocks = _below(weights, "lang_encoder.gated_cross_attn_layers.")
    embeddings = weights["lang_encoder.model.embed_tokens.weight"]
    tokenizer = _flamingo_tokenizer(llm)
    if len(tokenizer) != embeddings.shape[0]:
        raise UserError(
            f"The checkpoint has embeddings of {embeddings.shape[0]} tokens, but the tokenizer of {llm} with the "
            f"tokens of OpenTSLM has {len(tokenizer)}; give the language model that the checkpoint was trained on."
        )
    block_numbers = sorted({int(name.split(".")[0]) for name in blocks})
    model = TSLMForCausalLM.from_backbone(
        llm,
        time_series_token=_TOKENS["flamingo"],
        config={
            **_flamingo_fields(perceiver, blocks, block_numbers[0]),
            "encoder_config": _encoder_config(encoder_state),
            "cross_attention_intermediate_size": 4 * embeddings.shape[1],
            "joint_latents": joint_latents,
        },
        tokenizer=tokenizer,
        dtype=dtype,
    )
    _load(model.model.encoder, _encoder_weights(encoder_state))
    _load(model.model.resampler, _resampler_weights(perceiver))
    for block, number in zip(model.model.cross_attention_layers, block_numbers, strict=True):
        _load(block, _block_weights(_below(blocks, f"{number}.")))
    _load(model.get_input_embeddings(), {"weight": embeddings})
    head = weights.get("lang_encoder.lm_head.weight")
    if head is not None:
        _load(cast(torch.nn.Module, model.get_output_embeddings()), {"weight": head})
    return model, tokenizer


def _flamingo_fields(perceiver: StateDict, blocks: StateDict, first_block: int) -> dict[str, Any]:
    """Fields of `TSLMConfig` from the shapes of the resampler and of the cross-attention blocks."""
    return {
        "fusion": "flamingo",
        "num_latents": perceiver["latents"].shape[0],
        "resampler_num_layers": _count(perceiver, r"layers\.(\d+)\."),
        "resampler_num_heads": perceiver["layers.0.0.to_q.weight"].shape[0] // _HEAD_DIM,
        "resampler_head_dim": _HEAD_DIM,
        "cross_attention_every_n_layers": first_block + 1,
        "cross_attention_num_heads": blocks[f"{first_block}.attn.to_q.weight"].shape[0] // _HEAD_DIM,
        "cross_attention_head_dim": _HEAD_DIM,
        "cross_attention_to": "last",
    }


def _flamingo_tokenizer(llm: str) -> Any:
    """Tokenizer with the tokens that the reference adds, in the same order."""
    tokenizer = AutoTokenizer.from_pretrained(find_text_model(llm))
    tokenizer.add_special_tokens({"additional_special_tokens": [_END_OF_CHUNK, _TOKENS["flamingo"]]})
    if tokenizer.pad_token is None:
        tokenizer.add_special_tokens({"pad_token": _FLAMINGO_PAD})
    return tokenizer


def _encoder_config(state: StateDict) -> TSEncoderConfig:
    """Configuration of the patch encoder, from the shapes of its tensors."""
    layers = _count(state, r"encoder\.layers\.(\d+)\.")
    sizes: dict[str, Any] = {"intermediate_size": state["encoder.layers.0.linear1.weight"].shape[0]} if layers else {}
    return TSEncoderConfig(
        patch_length=state["patch_embed.weight"].shape[-1],
        hidden_size=state["patch_embed.weight"].shape[0],
        num_hidden_layers=layers,
        num_attention_heads=_NUM_HEADS,
        position_embedding_type="learned",
        max_position_embeddings=state["pos_embed"].shape[1],
        **sizes,
    )


def _encoder_weights(state: StateDict) -> StateDict:
    weights = {
        "embeddings.patch_embedding.weight": state["patch_embed.weight"],
        "embeddings.position_embeddings": state["pos_embed"][0],
        "embeddings.layer_norm.weight": state["input_norm.weight"],
        "embeddings.layer_norm.bias": state["input_norm.bias"],
    }
    for layer in range(_count(state, r"encoder\.layers\.(\d+)\.")):
        old, new = f"encoder.layers.{layer}", f"layers.{layer}"
        for kind in ("weight", "bias"):
            packed = state[f"{old}.self_attn.in_proj_{kind}"].chunk(3)
            weights |= {f"{new}.{name}_proj.{kind}": part for name, part in zip("qkv", packed, strict=True)}
            weights |= {
                f"{new}.{ours}.{kind}": state[f"{old}.{theirs}.{kind}"]
                for theirs, ours in _ENCODER_LAYER_NAMES.items()
            }
    return weights


def _attention_weights(state: StateDict) -> StateDict:
    keys, values = state["to_kv.weight"].chunk(2)
    return {
        "query.weight": state["to_q.weight"],
        "key_weight": keys.unflatten(0, (-1, _HEAD_DIM)),
        "value_weight": values.unflatten(0, (-1, _HEAD_DIM)),
        "output.weight": state["to_out.weight"],
    }


def _resampler_weights(state: StateDict) -> StateDict:
    weights = {name: state[name] for name in ("latents", "norm.weight", "norm.bias")}
    for layer in range(_count(state, r"layers\.(\d+)\.")):
        attention = _below(state, f"layers.{layer}.0.")
        parts = {
            **_above(_below(attention, "norm_media."), "patch_norm."),
            **_above(_below(attention, "norm_latents."), "latent_norm."),
            **_attention_weights(attention),
            **_above(_below(state, f"layers.{layer}.1."), "mlp."),
        }
        weights |= _above(parts, f"layers.{layer}.")
    return weights


def _block_weights(state: StateDict) -> StateDict:
    attention = _below(state, "attn.")
    return {
        **_above(_below(attention, "norm."), "norm."),
        **_attention_weights(attention),
        "attention_gate": state["attn_gate"],
        "mlp_gate": state["ff_gate"],
        **_above(_below(state, "ff."), "mlp."),
    }


def _merge_lora(backbone: torch.nn.Module, lora_state: StateDict, lora_config: dict[str, Any] | None) -> None:
    """Add adapters to their weights: W + scale B A (LoRA, arXiv 2106.09685)."""
    for name, down in lora_state.items():
        match = re.fullmatch(r"base_model\.model\.(.+)\.lora_A\.(\w+)\.weight", name)
        if match is None:
            continue
        path, adapter = match.groups()
        up = lora_state[name.replace("lora_A", "lora_B")]
        weight = backbone.get_parameter(f"{path}.weight")
        update = _lora_scale((lora_config or {}).get(adapter), down.shape[0]) * up.float() @ down.float()
        if update.shape != weight.shape:
            raise UserError(
                f"The LoRA weights of {path} are for {tuple(update.shape)}, but the language model has "
                f"{tuple(weight.shape)}; give the language model that the checkpoint was trained on."
            )
        weight.data = (weight.data.float() + update).to(weight.dtype)


def _lora_scale(settings: Any, rank: int) -> float:
    """Scale of an adapter; without settings, that of the reference, where alpha is twice the rank."""
    if settings is None:
        return 2.0
    return settings.lora_alpha / (rank**0.5 if settings.use_rslora else rank)


def _load(module: torch.nn.Module, weights: StateDict) -> None:
    """Load all weights of a module strictly."""
    try:
        module.load_state_dict(weights, strict=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise UserError(f"The checkpoint does not fit {type(module).__name__}: {reason}") from error


def _below(state: StateDict, prefix: str) -> StateDict:
    """Entries whose name starts with `prefix`, without the prefix."""
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


def _above(state: StateDict, prefix: str) -> StateDict:
    """Entries with `prefix` before their names."""
    return {f"{prefix}{name}": value for name, value in state.items()}


def _count(state: StateDict, pattern: str) -> int:
    """Number of distinct layers in the names; the group of `pattern` is the index of a layer."""
    return len({match.group(1) for name in state if (match := re.match(pattern, name))})
