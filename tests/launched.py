"""Program of a launch by accelerate: runs commands one after the other, and reports what each process did.

    accelerate launch --config_file FILE launched.py COMMANDS.json REPORTS [--fsdp]

COMMANDS.json has a list of commands, each a list of arguments. REPORTS is a folder, in which each process writes
RANK.json: the files that it wrote, and the steps after which a module held anything of the conditioning of Flamingo.
"""

import json
import os
import sys
from pathlib import Path

# Files that each process has to write: its random state in a checkpoint of the Trainer.
_OWN = f"rng_state_{os.environ['RANK']}.pth"
written: list[str] = []
held: list[str] = []


def note(event: str, arguments: tuple) -> None:
    """Audit hook: note files that are opened for writing, and those that are moved into place."""
    if event == "open" and isinstance(arguments[0], str) and arguments[2] & (os.O_WRONLY | os.O_RDWR):
        written.append(arguments[0])
    elif event == "os.rename":
        written.append(os.fsdecode(arguments[1]))


def note_native_writes() -> None:
    """Note the files of torch and safetensors too, which Python does not open."""
    import safetensors.torch
    import torch

    def noting(write, place):
        def wrapped(*arguments, **options):
            written.append(str(arguments[place]))
            return write(*arguments, **options)

        return wrapped

    torch.save = noting(torch.save, 1)
    for module in ("safetensors.torch", "transformers.modeling_utils", "ts_llm_fusion.training.fusion"):
        __import__(module)
        for name in ("save_file", "safe_save_file"):
            if hasattr(sys.modules[module], name):
                setattr(sys.modules[module], name, noting(safetensors.torch.save_file, 1))


def note_conditioning() -> None:
    """After each step of a Trainer, note modules with a tensor that is no weight, or a context of cross-attention."""
    import torch
    from transformers import TrainerCallback
    from transformers.trainer import DEFAULT_CALLBACKS

    from ts_llm_fusion.modeling.modeling_cross_attention import _CURRENT, CrossAttentionContext

    class Conditioning(TrainerCallback):
        def on_step_end(self, args, state, control, model=None, **kwargs):
            if _CURRENT.get() is not None:
                held.append(f"context after step {state.global_step}")
            for name, module in model.named_modules():
                kept = [
                    key
                    for key, value in vars(module).items()
                    if isinstance(value, torch.Tensor | CrossAttentionContext)
                ]
                held.extend(f"{name}.{key} after step {state.global_step}" for key in kept)

    DEFAULT_CALLBACKS.append(Conditioning)


def shard_on_processors() -> None:
    """Have accelerate use FSDP2 on processors, as it does on accelerators, by the settings of fsdp2.yaml."""
    from accelerate.commands.config.config_args import load_config_from_file
    from accelerate.state import AcceleratorState, PartialState
    from accelerate.utils import DistributedType

    from ts_llm_fusion.cli.packaged_recipes import find_recipe

    settings = load_config_from_file(str(find_recipe("fsdp2", ("accelerate",)))).fsdp_config
    os.environ |= {"ACCELERATE_USE_FSDP": "true"} | {name.upper(): str(value) for name, value in settings.items()}
    initialize = AcceleratorState.__init__

    def initialize_for_fsdp(self, *arguments, fsdp_plugin=None, **options):
        initialize(self, *arguments, fsdp_plugin=fsdp_plugin, **options)
        if fsdp_plugin is not None:
            self.distributed_type = PartialState._shared_state["distributed_type"] = DistributedType.FSDP
            self.fsdp_plugin = fsdp_plugin

    AcceleratorState.__init__ = initialize_for_fsdp


def main(commands: str, reports: str, *options: str) -> None:
    from ts_llm_fusion import cli

    if "--fsdp" in options:
        shard_on_processors()
    note_native_writes()
    note_conditioning()
    # The group of processes serves all commands.
    leave, cli._leave_process_group = cli._leave_process_group, lambda: None
    outputs = []
    for arguments in json.loads(Path(commands).read_text()):
        assert cli.main(arguments) == 0, arguments
        outputs.append(arguments[arguments.index("--output_dir") + 1])
    leave()
    files = sorted(
        {path for path in written if any(path.startswith(output) for output in outputs) and Path(path).name != _OWN}
    )
    report = {"written": files, "held": held}
    Path(reports, f"{os.environ['RANK']}.json").write_text(json.dumps(report))


if __name__ == "__main__":
    sys.addaudithook(note)
    main(*sys.argv[1:])
