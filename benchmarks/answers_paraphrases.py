"""Make and judge the reader of questions in other words: `python -m benchmarks.answers_paraphrases`.

The reader (`ts_llm_fusion.answers.paraphrases`) is trained on the phrasings of `answers_phrases` but `controller`,
which nothing was made by, with times, bounds and series of the tables of `benchmarks.answers`, and its weights are
written into the package. With `--leave_one_out` each set in turn is read by a reader that is trained on the others, as
if the table of intents understood none of it; prints

- right: share of the answerable questions that are rewritten as the standard question of their kind, with their slots;
- refused, and something else: the shares that are not rewritten, or as the question of another kind;
- unanswerable: share of the questions that no series answers that are not rewritten;
- other things: of the answerable ones, with the noun of what is measured replaced by that of another thing, such as
  "unemployment", none of which was in training, the share that is not rewritten;
- all for thresholds of the probability.

Follow-ups are not rewritten, and count neither way.
"""

import argparse
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.answers import LOW, Case, Writer, load_tables
from benchmarks.answers_phrases import SPLITS
from ts_llm_fusion.answers.ask import load_table
from ts_llm_fusion.answers.lexicon import CLASSES
from ts_llm_fusion.answers.names import Names
from ts_llm_fusion.answers.paraphrases import (
    FOLLOW_UP,
    NONE,
    WEIGHTS,
    ParaphraseReader,
    features,
    standard_question,
    wording,
)
from ts_llm_fusion.answers.query import CannotTellError
from ts_llm_fusion.answers.question_text import Read, check_answerable, read_question
from ts_llm_fusion.answers.questions import query_of
from ts_llm_fusion.answers.subject import Subject, names_of, subjects
from ts_llm_fusion.evaluation.report import align_columns, markdown_table
from ts_llm_fusion.modeling.modeling_text_encoder import FrozenTextEncoder, load_text_encoder
from ts_llm_fusion.prediction import load

ENCODER = "sentence-transformers/all-MiniLM-L6-v2"
# Sets that it is made of: the last one was for a test of the whole.
TAUGHT = tuple(split for split in SPLITS if split != "controller")
_THRESHOLD = 0.6
_PENALTY = 3e-5
_STEPS = 80
_THRESHOLDS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9)
# Kinds of the benchmark that are one standard question with another one.
_SAME = {"one series": "highest", "forecast at": "forecast", "forecast next": "forecast", "kth value": "value"}
# Said around a question; it asks for the same.
_CHAT = (
    "my manager wants to know: {}", "quick one for a report, {}", "sorry to bother you, but {}",
    "{} i need it for a talk .",
    "{} i lost my notes .", "we had a rough spell lately ; {}", "i am new here , so {}", "before i sign anything , {}",
    "{} no need for the details .", "i promised a colleague an answer : {}", "i can't work it out myself . {}",
    "before lunch if you can , {}", "{} as far as the file goes", "humor me , {}",
)  # fmt: skip
# Said of something that no series is; then nothing is asked of it.
_ELSEWHERE = (
    "{} at the hospital in leeds ?", "{} of our competitors ?", "{} according to the newspaper ?", "{} in the exam ?",
    "{} of the national team ?", "{} for the price of bread ?", "{} among the patients ?", "why {}", "who decided {}",
    "{} if we hired more people ?", "{} had we not closed the shop ?", "should we worry : {}",
    "{} and who is to blame ?",
    "{} because of the weather ?", "{} compared with other countries ?", "what would {} be without the strike ?",
)  # fmt: skip
# Questions about a series that have no standard question.
_OTHERS = (
    "when did it last fall below 100 ?", "since when has it stayed under 100 ?", "when will it drop below 100 ?",
    "how many values lie between 100 and 100 ?", "what was the moving average in 2020 ?",
    "how fast does it grow per year ?",
    "which weekday is usually the busiest ?", "at what hour of the day does it peak ?", "what is the variance ?",
    "when was the largest jump from one step to the next ?", "how long did it stay above its average ?",
    "what is the 90th percentile ?", "how much higher is it than its average in 2020 ?", "list all values in 2020",
    "what was the first value ?", "which was the last date above 100 ?", "what is the lowest value above 100 ?",
    "how likely is it that it exceeds 100 next month ?", "what is the lowest forecast next month ?",
    "what will the total be next month ?", "when was the median reached ?", "is it normally distributed ?",
    "how does the variability change over time ?", "which series fell the most ?", "which series is the smallest ?",
    "what was the average change from one step to the next ?", "what is the mode of the values ?",
    "plot the values in 2020",
    "when did it double ?", "which quarter was the best ?", "how often does it change direction ?",
    "what share came in 2020 ?",
    "what is the highest value except for in 2020 ?", "when did it recover after the drop ?",
    "what is the sum of squares ?",
    "how many steps until it is back at its peak ?", "which values are negative ?",
    "how many distinct values are there ?",
    "does sales lead sales ?", "what is the ratio of sales to sales ?", "when do sales and sales cross ?",
    "how many steps is sales above sales ?", "what does the curve look like ?", "is it noisier in 2020 than in 2020 ?",
)  # fmt: skip
# Other things than the series, and others for the judgment of a reader.
_THINGS = (
    "humidity", "rainfall", "salaries", "the price of bread", "visitors", "traffic", "votes", "blood pressure",
    "wind speed",
    "rent", "the exchange rate", "profit", "students", "accidents", "the water level", "wages", "calls", "deaths",
    "downloads",
    "electricity", "marks", "the heart rate", "orders", "the noise", "production", "patients", "complaints", "mileage",
    "exports", "the harvest", "goals", "weight", "snowfall", "tickets", "the budget", "tax", "pressure", "steel",
    "tourists",
    "births", "bookings", "the interest rate", "costs", "customers", "attendance", "the oil price", "births", "crime",
)  # fmt: skip
_HELD_THINGS = (
    "unemployment", "revenue", "pollution", "the price of gas", "speed", "fish", "imports", "infections", "books",
    "sunshine",
    "voltage", "guests", "cholesterol", "waste", "absences", "the temperature of the sea",
)  # fmt: skip
_OTHER = " of other things"
_MEASURED = re.compile(
    r"\b(?:the |our |its )?(?:values?|readings?|numbers?|figures?|series|data|observations?|level|it|we|"
    r"entries|points?)\b(?!')"
)


@dataclass(frozen=True)
class Item:
    """A question with its kind, as the encoder and the standard questions see it.

    Args:
        split: set that it is of.
        kind: key of `STANDARDS`, or `NONE` or `FOLLOW_UP`.
        read: with its names, times and numbers.
        wording: of the encoder.
        names: of the series.
        is_refused: whether it is refused before its intent is looked for, as of causes or of something by its name.
    """

    split: str
    kind: str
    read: Read
    wording: str
    names: tuple[str, ...]
    is_refused: bool = False


def kind_of(kind: str, phrase: str, times: int) -> str:
    """The kind of a standard question for a phrasing of a kind of the benchmark."""
    if kind == "weekday extreme":
        return "lowest" if LOW.search(phrase.lower()) else "highest"
    if kind == "weekend":
        return "difference" if times == 2 else kind
    return _SAME.get(kind, kind)


def read_items(splits: Sequence[str], seeds: Sequence[int]) -> list[Item]:
    """All phrasings of some sets, with times, bounds and series, and of other things; those that are read alike, once.

    Those of other things have `_OTHER` behind the name of their set.
    """
    model, extractor = load(None)
    tables, found = load_tables(), {}
    asked: dict[tuple[str, tuple[str, ...]], tuple[Names, Subject]] = {}
    for split in splits:
        for seed in seeds:
            writer = Writer(tables, seed, split)
            for kind, phrase, case in _drawn(writer):
                key = case.table.name, case.columns
                if key not in asked:
                    panel = load_table(case.data)
                    asked[key] = Names(names_of(panel)), subjects(panel, [0], model, extractor, "")[0]
                told = [(split, kind, phrase, case.question)]
                other = _of_another_thing(case.question, _HELD_THINGS)
                if kind != NONE and other is not None:
                    told.append((f"{split}{_OTHER}", NONE, phrase, other))
                for one in told:
                    item = _item(*one, *asked[key])
                    if item is not None:
                        found[item.split, item.kind, item.wording] = item
    return list(found.values())


def _drawn(writer: Writer) -> Iterator[tuple[str, str, Case]]:
    """Kind, phrasing and case of all questions of a set."""
    for kind, phrases in writer.phrases.items():
        for phrase in phrases:
            try:
                yield kind, phrase, writer.case(kind, phrase)
            except (ValueError, KeyError):
                # Its benchmark says so.
                continue
    for question in writer.unanswerable:
        table, column, _ = writer.pick()
        yield NONE, question, Case(NONE, question, table, (column,), bool)


def _item(split: str, kind: str, phrase: str, question: str, names: Names, subject: Subject) -> Item | None:
    """A question as it is read; None where its names or times are refused, or it is refused for its times alone."""
    try:
        read = read_question(question, names, subject.axis, subject.extent)
    except CannotTellError:
        return None
    if kind == NONE and read.times:
        try:
            query_of(read, names)
        except CannotTellError:
            pass
        else:
            return None
    kind = kind_of(kind, phrase, len(read.times))
    try:
        check_answerable(read, names)
    except CannotTellError:
        is_refused = True
    else:
        is_refused = False
    return Item(split, kind, read, wording(read, subject.axis), tuple(names.names), is_refused)


def _pick(choices: Sequence[str], text: str) -> str:
    """One of the choices, by the text alone, so that a text has the same one whatever else there is."""
    return choices[zlib.crc32(text.encode()) % len(choices)]


def _of_another_thing(text: str, things: Sequence[str]) -> str | None:
    """A question with its noun of what is measured replaced by that of another thing; None where it has none."""
    replaced = _MEASURED.sub(_pick(things, text), text, count=1)
    return None if replaced == text else replaced


def training_texts(items: Sequence[Item]) -> list[tuple[str, str]]:
    """Texts and their kinds: questions, these with chat around them, and those that are refused."""
    asked = [(one.wording, one.kind) for one in items]
    texts = asked + [(_pick(_CHAT, text).format(text), kind) for text, kind in asked]
    known = [text for text, kind in asked if kind != NONE]
    texts += [(_pick(_ELSEWHERE, text).format(text.rstrip(" ?.")), NONE) for text in known[::3]]
    others = (_of_another_thing(text, _THINGS) for text in known)
    texts += [(text, NONE) for text in others if text is not None]
    return texts + [(text, NONE) for text in _OTHERS]


def train(items: Sequence[Item], encoder: FrozenTextEncoder) -> ParaphraseReader:
    """Train a reader: cross-entropy, and a penalty on the squares of the weights."""
    texts = training_texts(items)
    kinds = sorted({kind for _, kind in texts})
    classes = sorted(CLASSES)
    inputs = features(encoder, [text for text, _ in texts], classes)
    truth = torch.tensor([kinds.index(kind) for _, kind in texts])
    weight = torch.zeros(inputs.shape[1], len(kinds), requires_grad=True)
    bias = torch.zeros(len(kinds), requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=_STEPS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        value = torch.nn.functional.cross_entropy(inputs @ weight + bias, truth) + _PENALTY * weight.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    return ParaphraseReader(kinds, classes, weight.detach(), bias.detach(), encoder, _THRESHOLD)


def outcomes(reader: ParaphraseReader, items: Sequence[Item]) -> list[tuple[float, str]]:
    """The probability of the likeliest kind of each question, and that kind; none where it is not rewritten."""
    chances = reader.probabilities([one.wording for one in items])
    found = []
    for one, row in zip(items, chances, strict=True):
        kind = reader.kinds[int(row.argmax())]
        fits = not one.is_refused and standard_question(kind, one.read, one.names) is not None
        found.append((float(row.max()), kind if fits else NONE))
    return found


def judge(items: Sequence[Item], found: Sequence[tuple[float, str]], threshold: float) -> list[float]:
    """Shares that are right, refused and something else; and of what no series tells, refused."""
    read = [kind if chance >= threshold else NONE for chance, kind in found]
    told = [(one.kind, kind) for one, kind in zip(items, read, strict=True) if one.kind not in (NONE, FOLLOW_UP)]
    none = [kind == NONE for one, kind in zip(items, read, strict=True) if one.kind == NONE]
    right, refused = (float(np.mean(flags)) for flags in ([a == b for a, b in told], [b == NONE for _, b in told]))
    return [right, refused, max(1 - right - refused, 0.0), float(np.mean(none))]


def leave_one_out(items: Sequence[Item], encoder: FrozenTextEncoder, shown: bool) -> None:
    """Read each set by a reader of the others, and print the shares for each threshold."""
    rows = []
    for split in TAUGHT:
        held = [one for one in items if one.split == split]
        reader = train([one for one in items if one.split in TAUGHT and one.split != split], encoder)
        others = [one for one in items if one.split == f"{split}{_OTHER}"]
        found = outcomes(reader, held)
        found_of_others = outcomes(reader, others)
        for threshold in _THRESHOLDS:
            elsewhere = np.mean([kind == NONE or chance < threshold for chance, kind in found_of_others])
            shares = [*judge(held, found, threshold), elsewhere]
            rows.append([split, f"{threshold:g}", *(f"{share:.3f}" for share in shares)])
        for one, (chance, kind) in zip(held + others, found + found_of_others, strict=True) if shown else ():
            if kind not in (one.kind, NONE) and one.kind != FOLLOW_UP and chance >= _THRESHOLD:
                print(f"{split} | {chance:.2f} | {one.kind} as {kind} | {one.wording}")
    heads = ["set", "threshold", "right", "refused", "something else", "unanswerable refused", "other things refused"]
    print(markdown_table(align_columns([heads, *sorted(rows, key=lambda row: row[1])])))


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the weights, or judge how they are made."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--leave_one_out", action="store_true", help="judge it, and write nothing")
    parser.add_argument(
        "--wrong", action="store_true", help="with --leave_one_out: print what is read as something else"
    )
    parser.add_argument("--output", type=Path, default=WEIGHTS)
    options = parser.parse_args(arguments)
    encoder = load_text_encoder(ENCODER)
    items = read_items(TAUGHT, options.seeds)
    if options.leave_one_out:
        leave_one_out(items, encoder, options.wrong)
        return
    taught = [one for one in items if not one.split.endswith(_OTHER)]
    train(taught, encoder).save(options.output)
    print(f"{options.output}: {options.output.stat().st_size:,} bytes, of {len(taught):,} questions")


if __name__ == "__main__":
    main()
