"""Notes that state several effects on a series, by people who do not know the code, and what is read of them.

    python -m benchmarks.notes_of_several_effects [KIND/AUTHOR ...] [--model FOLDER] [--show]

A note is read rightly where the operations that are applied on each step of the horizon are those that its author
expects, whichever words say them ("doubles" is "100 % more"); wrongly where a step has one that the author does not
name; and is missed in part otherwise. The series has no name, and is one of `NOTES_SERIES`. The notes are in
`notes_of_several_effects/KIND/AUTHOR.jsonl`; nothing is trained with them.
"""

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from ts_llm_fusion import BUILT_IN
from ts_llm_fusion.data.series.context_notes import NOTES_SERIES, NotesSeries
from ts_llm_fusion.evaluation.report import align_columns, markdown_table
from ts_llm_fusion.forecasting import load_forecaster
from ts_llm_fusion.modeling.modeling_tsfusion import TSFusionForForecasting
from ts_llm_fusion.processing.context_features import prepare_context

NOTES = Path(__file__).parent / "notes_of_several_effects"
_FIXED = ("zero", "set")
Steps = dict[int, set[tuple[str, tuple[float, ...]]]]


def by_step(effects: Sequence[tuple[str, Sequence[float], Sequence[int]]]) -> Steps:
    """Operations of each step; a change by a share is one by a factor, and none is left of what is set."""
    found: Steps = {}
    for operation, operands, steps in effects:
        shift = {"rise": 1.0, "cut": -1.0}.get(operation)
        key = ("times", (1 + shift * operands[0],)) if shift is not None else (operation, tuple(operands))
        for step in steps:
            found.setdefault(step, set()).add((key[0], tuple(round(value, 2) for value in key[1])))
    return {step: {one for one in own if one[0] in _FIXED} or own for step, own in found.items()}


def verdict(expected: Steps, found: Steps) -> str:
    """Whether a note is read "right", "wrong", or is "missed" in part."""
    if any(not found[step] <= expected.get(step, set()) for step in found):
        return "wrong"
    return "right" if expected == found else "missed"


def read(
    model: TSFusionForForecasting, text: str, series: NotesSeries
) -> list[tuple[str, tuple[float, ...], list[int]]]:
    """Operations that are applied for a text, with their operands and steps as the notes number them."""
    history = series.history()
    context = [prepare_context(text, history, series.horizon, series.stamps)[1]]
    values = torch.tensor(history)[None, :, None]
    (chosen,) = model.eval().predict(values, prediction_length=series.horizon, context=context).context_effects
    return [
        (one.operation, one.operands, [step + series.first for run in one.steps for step in range(*run)])
        for one in chosen
        if one.applied
    ]


def notes_of(author: str) -> list[dict[str, Any]]:
    """Notes with their `text` and `effects`: operation, operands and steps."""
    return [json.loads(line) for line in (NOTES / f"{author}.jsonl").read_text(encoding="utf-8").splitlines()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    all_authors = sorted(f"{path.parent.name}/{path.stem}" for path in NOTES.glob("*/*.jsonl"))
    parser.add_argument("authors", nargs="*", default=all_authors, help="all by default")
    parser.add_argument("--model", default=BUILT_IN, help="folder of a checkpoint; the built-in one by default")
    parser.add_argument("--show", action="store_true", help="print the notes that are not read rightly")
    options = parser.parse_args()
    if unknown := sorted(set(options.authors) - set(all_authors)):
        parser.error(f"there are no notes of {', '.join(unknown)}; there are {', '.join(all_authors)}")
    model, _ = load_forecaster(options.model)
    assert isinstance(model, TSFusionForForecasting)
    lines = [["author", "notes", "right", "missed", "wrong"]]
    for author in options.authors:
        counts = Counter({"right": 0, "missed": 0, "wrong": 0})
        for note in notes_of(author):
            found = read(model, note["text"], NOTES_SERIES[author.split("/")[0]])
            result = verdict(by_step(note["effects"]), by_step(found))
            counts[result] += 1
            if options.show and result != "right":
                print(f"{result}: {note['text']!r}\n  expected {note['effects']}\n  read {found}")
        lines.append([author, str(counts.total()), *(str(counts[name]) for name in lines[0][2:])])
    print(markdown_table(align_columns(lines, right=True)))


if __name__ == "__main__":
    main()
