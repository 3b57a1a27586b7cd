"""Notes that state several effects on a daily series, by people who do not know the code, and what is read of them.

    python -m benchmarks.notes_of_several_effects [AUTHOR ...] [--model FOLDER] [--show]

A note is read rightly where the operations that are applied on each day of the horizon are those that its author
expects, whichever words say them ("doubles" is "100 % more"); wrongly where a day has one that the author does not
name; and is missed in part otherwise. The series has 60 days until 29 February 2024, without a name, and a horizon
of March. The notes are in `notes_of_several_effects/AUTHOR.jsonl`.
"""

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from ts_llm_fusion import BUILT_IN
from ts_llm_fusion.evaluation.report import align_columns, markdown_table
from ts_llm_fusion.forecasting import load_forecaster
from ts_llm_fusion.processing.context_features import prepare_context

NOTES = Path(__file__).parent / "notes_of_several_effects"
STAMPS = pd.date_range("2024-01-01", periods=91, freq="D")
HORIZON = 31
# Sales of 83 to 117 a day with a weekly season.
HISTORY = 100 + 10 * np.sin(np.arange(60) * 2 * np.pi / 7) + np.random.default_rng(0).normal(0, 3, 60)

_FIXED = ("zero", "set")
Days = dict[int, set[tuple[str, tuple[float, ...]]]]


def by_day(effects: Sequence[tuple[str, Sequence[float], Sequence[int]]]) -> Days:
    """Operations of each day of March; a change by a share is one by a factor, and none is left of what is set."""
    found: Days = {}
    for operation, operands, days in effects:
        shift = {"rise": 1.0, "cut": -1.0}.get(operation)
        key = ("times", (1 + shift * operands[0],)) if shift is not None else (operation, tuple(operands))
        for day in days:
            found.setdefault(day, set()).add((key[0], tuple(round(value, 2) for value in key[1])))
    return {day: {one for one in own if one[0] in _FIXED} or own for day, own in found.items()}


def verdict(expected: Days, found: Days) -> str:
    """Whether a note is read "right", "wrong", or is "missed" in part."""
    if any(not found[day] <= expected.get(day, set()) for day in found):
        return "wrong"
    return "right" if expected == found else "missed"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("authors", nargs="*", default=sorted(path.stem for path in NOTES.glob("*.jsonl")))
    parser.add_argument("--model", default=BUILT_IN, help="folder of a checkpoint; the built-in one by default")
    parser.add_argument("--show", action="store_true", help="print the notes that are not read rightly")
    options = parser.parse_args()
    model, _ = load_forecaster(options.model)
    values = torch.tensor(HISTORY)[None, :, None]
    rows = {}
    for author in options.authors:
        counts = Counter({"right": 0, "missed": 0, "wrong": 0})
        for line in (NOTES / f"{author}.jsonl").read_text(encoding="utf-8").splitlines():
            note = json.loads(line)
            context = [prepare_context(note["text"], HISTORY, HORIZON, STAMPS)[1]]
            (chosen,) = model.eval().predict(values, prediction_length=HORIZON, context=context).context_effects
            read = [
                (one.operation, one.operands, [day + 1 for first, last in one.steps for day in range(first, last)])
                for one in chosen
                if one.applied
            ]
            result = verdict(by_day(note["effects"]), by_day(read))
            counts[result] += 1
            if options.show and result != "right":
                print(f"{result}: {note['text']!r}\n  expected {note['effects']}\n  read {read}")
        rows[author] = {"notes": counts.total(), **counts}
    lines = [["author", "notes", "right", "missed", "wrong"]]
    lines += [[author, *(str(row[name]) for name in lines[0][1:])] for author, row in rows.items()]
    print(markdown_table(align_columns(lines, right=True)))


if __name__ == "__main__":
    main()
