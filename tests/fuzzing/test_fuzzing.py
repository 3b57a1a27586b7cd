"""Many cases of each family of inputs: a right answer or a documented error of one line, and nothing else.

TS_LLM_FUSION_FUZZ_SEED and TS_LLM_FUSION_FUZZ_CASES change what `make nightly` runs.
"""

import os
import pickle
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import strategies as st

from fuzzing import checkpoints, contexts, futures, messages, recipes, series, tables
from fuzzing.harness import Family, Hang, Reach, run
from ts_llm_fusion.errors import UserError

SEED = int(os.environ.get("TS_LLM_FUSION_FUZZ_SEED", "0"))
CASES = int(os.environ.get("TS_LLM_FUSION_FUZZ_CASES", "100000"))
FEW = 2000
MODULES = (series, messages, contexts, tables, recipes, futures, checkpoints)
FAMILIES = [family for module in MODULES for family in module.FAMILIES]


def test_the_shares_are_a_whole() -> None:
    assert sum(family.share for family in FAMILIES) == pytest.approx(1)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_few_cases(family: Family, tmp_path: Path) -> None:
    counts = run(family, round(FEW * family.share), 0, tmp_path)
    assert counts.total() >= round(FEW * family.share)


@pytest.mark.nightly
def test_many_cases(tmp_path: Path, subtests: pytest.Subtests) -> None:
    total: Counter = Counter()
    for number, family in enumerate(FAMILIES):
        folder = tmp_path / str(number)
        folder.mkdir()
        # A fault of one family leaves the others to be run; it fails the test at the end.
        with subtests.test(family.name):
            total += run(family, round(CASES * family.share), SEED, folder)
    print(f"fuzzing: seed {SEED}, {total.total()} cases, {total['refused']} refused, {total['answered']} answered")
    assert total.total() >= 0.99 * CASES
    assert min(total["refused"], total["answered"]) > 0.2 * CASES


def _raising(error: Exception) -> Family:
    def check(case: None, folder: Path) -> None:
        raise error

    return Family("none", st.none(), check, 0)


def _doing(action) -> Family:
    return Family("none", st.none(), lambda case, folder: action(folder), 0)


@pytest.mark.parametrize(
    "error", [KeyError("a"), ValueError("of another package"), UserError("two\nlines"), UserError(""), Hang("never")]
)
def test_other_errors_are_faults(error: Exception, tmp_path: Path) -> None:
    with pytest.raises(type(error)):
        run(_raising(error), 1, 0, tmp_path)


@pytest.mark.parametrize(
    "action",
    [
        lambda folder: (folder.parent / "outside").write_text("a"),
        lambda folder: (folder.parent / "outside").mkdir(),
        lambda folder: (folder / "inside").touch() or (folder / "inside").rename(folder.parent / "outside"),
        lambda folder: subprocess.run(["true"]),
        lambda folder: pickle.loads(pickle.dumps(Path("a"))),
    ],
)
def test_what_reaches_out_is_a_fault(action, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    with pytest.raises(Reach):
        run(_doing(action), 1, 0, folder)
    assert list(tmp_path.iterdir()) == [folder]


def test_an_answer_and_a_refusal_are_counted(tmp_path: Path) -> None:
    assert run(_raising(UserError("one line")), 1, 0, tmp_path) == {"refused": 1}
    assert run(_doing(lambda folder: (folder / "inside").touch()), 1, 0, tmp_path) == {"answered": 1}
