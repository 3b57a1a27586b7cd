"""What every training run asks of its model and its output folder."""

import shutil
from pathlib import Path

import torch
from transformers import AutoConfig, PreTrainedModel, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint
from transformers.utils import is_torch_bf16_gpu_available


def bfloat16_is_faster() -> bool:
    """Whether mixed precision in bfloat16 is faster than float32 here: on an accelerator that has it, and on
    processors that multiply it (AMX or AVX-512); on others it is emulated, several times slower."""
    if torch.accelerator.is_available():
        return is_torch_bf16_gpu_available()
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in ("amx_bf16", "avx512_bf16"))


def checkpoint_to_resume(arguments: TrainingArguments) -> str | None:
    """The checkpoint that `--resume_from_checkpoint` names: a folder, or `true` for the last one in `output_dir`.

    Raises:
        ValueError: if there is none.
    """
    wanted = arguments.resume_from_checkpoint
    if not wanted or str(wanted).lower() == "false":
        return None
    if str(wanted).lower() != "true":
        return str(wanted)
    last = get_last_checkpoint(arguments.output_dir) if Path(arguments.output_dir).is_dir() else None
    if last is None:
        raise ValueError(f"--resume_from_checkpoint: {arguments.output_dir} holds no checkpoint.")
    return last


def trained_parameters(model: torch.nn.Module) -> dict[str, int]:
    """Numbers of trained and of all parameters."""
    return {
        "parameters_trained": sum(p.numel() for p in model.parameters() if p.requires_grad),
        "parameters_total": sum(p.numel() for p in model.parameters()),
    }


def save_model(model: torch.nn.Module, output: Path, base: str | None) -> PreTrainedModel:
    """Saves what was trained; of a model with adapters, the merged model, and the adapters in `output/adapter`.

    Adapters are loaded on `base`. Where that is a plain text model, the configuration lies beside them, from which the
    model is built that the weights of `base` are put into.

    Args:
        model: a plain model or a `PeftModel`, which is merged in place.
        output: folder of the checkpoint.
        base: name or path of what training started from.

    Returns:
        The plain model.
    """
    if not hasattr(model, "merge_and_unload"):
        model.save_pretrained(output)
        return model
    adapter = output / "adapter"
    for config in model.peft_config.values():
        config.base_model_name_or_path = base
    # No embeddings are trained, and to find out whether they have grown peft would ask the Hub.
    model.save_pretrained(adapter, save_embedding_layers=False)
    plain = model.merge_and_unload()
    plain.save_pretrained(output)
    if AutoConfig.from_pretrained(base).model_type != plain.config.model_type:
        shutil.copyfile(output / "config.json", adapter / "config.json")
    return plain
