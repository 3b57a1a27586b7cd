"""Train a small language model that reads series, from scratch, on questions that are true by construction.

    python examples/train_language_model.py OUTPUT_DIR    # twenty seconds of processor time

One kind of question and a few hundred examples: enough to see it learn. The recipe `synthetic_qa` has ten kinds.
"""

import sys

from ts_llm_fusion.cli import main

SETTINGS = {
    "tasks": "trend",
    "num_train": "640",
    "num_validation": "60",
    "num_test": "100",
    "num_train_epochs": "2",
    "eval_strategy": "epoch",
    "save_strategy": "epoch",
}


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    flags = [part for name, value in SETTINGS.items() for part in (f"--{name}", value)]
    raise SystemExit(main(["train", "sft", "--config", "synthetic_qa", "--output_dir", sys.argv[1], *flags]))
