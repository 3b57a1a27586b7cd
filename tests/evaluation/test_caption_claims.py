"""Claims of captions: how words are read, and whether they hold, against series whose shape is known."""

import numpy as np
import pytest

from ts_llm_fusion.evaluation.answers import overall_metrics, task_metrics
from ts_llm_fusion.evaluation.caption_claims import (
    CaptionClaim,
    caption_fault,
    claim_holds,
    claim_metrics,
    find_claims,
)

THIRD = 1 / 3
RISING = np.arange(12.0)
HILL = np.array([0.0, 1, 2, 4, 7, 9, 8, 6, 4, 2, 1, 0])
# Falls to its lowest value in the middle, with a small bump at the end.
VALLEY = np.array([9.0, 8, 7, 4, 2, 0, 1, 3, 6, 8, 8.5, 5])


@pytest.mark.parametrize(
    ("caption", "claims"),
    [
        ("Increases steadily.", [("rise", 0, 1)]),
        ("declines in the beginning", [("fall", 0, THIRD)]),
        ("there is a sharp drop at the very end of the line", [("fall", 2 * THIRD, 1)]),
        ("rises from the middle onwards", [("rise", 0.5, 1)]),
        ("goes up until the middle", [("rise", 0, 0.5)]),
        ("falls from the beginning to the middle, then peaks at the end", [("fall", 0, 0.5), ("peak", 2 * THIRD, 1)]),
        ("increase between middle and end", [("rise", 0.5, 1)]),
        ("decreases in the third quarter", [("fall", 0.5, 0.75)]),
        ("grows for the first two thirds", [("rise", 0, 2 * THIRD)]),
        ("upward overall with a small dip in the middle", [("rise", 0, 1), ("dip", THIRD, 2 * THIRD)]),
        ("ends with a decline", [("fall", 2 * THIRD, 1)]),
        ("ends at its lowest point", [("trough", 2 * THIRD, 1)]),
        ("final value larger than initial value", [("above", 0, 1)]),
        ("ends slightly lower than where it started", [("below", 0, 1)]),
        ("slight peak near the end", [("bump", 2 * THIRD, 1)]),
        # Not told where, two directions in a clause, two places, a negation, and words that are not checked.
        ("peaks", []),
        ("maximum value throughout", []),
        ("increases then decreases", []),
        ("rises to its peak in the middle", []),
        ("decreases after the beginning", []),
        ("rises in the middle at the end", []),
        ("does not increase at the end", []),
        ("doesn\N{RIGHT SINGLE QUOTATION MARK}t peak in the middle", []),
        ("peaks for the first time", []),
        ("the increase at the end is larger than that in the beginning", []),
        ("stays flat in the middle", []),
        ("", []),
        ("12 %", []),
    ],
)
def test_claims_are_read_with_their_place(caption: str, claims: list[tuple[str, float, float]]) -> None:
    found = [(claim.kind, claim.start, claim.end) for claim in find_claims(caption)]
    assert [kind for kind, *_ in found] == [kind for kind, *_ in claims]
    assert [place for _, *place in found] == [pytest.approx(place) for _, *place in claims]


@pytest.mark.parametrize(
    ("caption", "values", "holds"),
    [
        ("rises at the end", RISING, True),
        ("falls at the end", RISING, False),
        ("peaks in the middle", HILL, True),
        ("peaks at the end", HILL, False),
        ("lowest point in the middle", VALLEY, True),
        ("dips in the middle", VALLEY, True),
        # The largest value is the first; the one at the end is within a tenth of the range of it.
        ("highest at the end", VALLEY, True),
        ("bump at the end", VALLEY, True),
        ("bump in the middle", VALLEY, False),
        ("dips at the end", RISING, False),
        ("ends lower than it started", VALLEY, True),
        ("ends higher than it started", HILL, False),
        # A change of 0.9 of 12.
        ("increases at the beginning", np.array([0, 0.3, 0.6, 0.9, 5, 6, 7, 8, 9, 10, 11, 12]), False),
        ("increases", np.zeros(12), False),
        ("peaks at the end", np.zeros(12), False),
    ],
)
def test_claims_are_checked_against_the_series(caption: str, values: np.ndarray, holds: bool) -> None:
    (claim,) = find_claims(caption)
    assert claim_holds(claim, values) is holds


def test_claims_turn_with_a_series_that_is_turned_over() -> None:
    opposite = {"rise": "fall", "above": "below", "peak": "trough", "bump": "dip"}
    rng = np.random.default_rng(0)
    answers = []
    for values in rng.normal(size=(40, 30)).cumsum(1):
        for kind, other in opposite.items():
            for start in (0.0, THIRD, 2 * THIRD):
                upward = claim_holds(CaptionClaim(kind, start, start + THIRD), values)
                assert upward == claim_holds(CaptionClaim(other, start, start + THIRD), -values)
                answers.append(upward)
    assert 0.2 < np.mean(answers) < 0.8


def test_missing_values_are_left_out_and_an_unknown_stretch_is_not_checked() -> None:
    gaps = HILL.copy()
    gaps[[0, 4, 11]] = np.nan
    assert claim_holds(CaptionClaim("peak", THIRD, 2 * THIRD), gaps) is True
    gaps[8:] = np.nan
    assert claim_holds(CaptionClaim("fall", 2 * THIRD, 1.0), gaps) is None
    assert claim_holds(CaptionClaim("rise", 0.0, 1.0), np.array([3.0])) is None
    assert claim_holds(CaptionClaim("rise", 0.0, 1.0), np.full(5, np.nan)) is None


def test_a_caption_with_a_false_claim_has_a_fault() -> None:
    fault = "The caption says that the series falls between 67 % and 100 % of its length, which it does not."
    assert caption_fault("rises at the beginning, then falls at the end", RISING) == fault
    assert caption_fault("rises at the beginning, then falls at the end", HILL) is None
    assert caption_fault("stays flat", RISING) is None
    assert caption_fault("falls at the end", np.array([1.0, 2, np.nan, np.nan, np.nan])) is None


def test_metrics_are_of_the_captions_that_say_something_of_their_series() -> None:
    truths = ["rises", "peaks in the middle", "flat", "falls at the end"]
    samples = [
        {"task": "captions", "answer": truth, "time_series": [values.tolist()]}
        for truth, values in zip(truths, (RISING, HILL, HILL, RISING), strict=True)
    ]
    captions = ["rises, and peaks at the end", "falls", "stays flat", "peaks at the end, falls in the middle"]
    # The first holds; the second does not (the hill ends where it starts); the last is half wrong.
    found = claim_metrics(captions, samples)
    expected = {"with_claims": 3 / 4, "claims_hold": 1 / 3, "true_with_claims": 3 / 4, "true_claims_hold": 2 / 3}
    assert found == pytest.approx(expected)
    assert found.items() <= task_metrics(captions, samples, {"captions": None})["captions"].items()
    assert "claims_hold" not in claim_metrics(["flat"] * 4, samples)
    assert claim_metrics(["97 %"] * 4, [{**sample, "answer": "95 %"} for sample in samples]) == {}
    two = [{**sample, "time_series": sample["time_series"] * 2} for sample in samples]
    assert claim_metrics(captions, two) == {}


def test_claims_are_averaged_over_the_captions_that_have_some() -> None:
    few = {"with_claims": 0.1, "claims_hold": 1.0, "true_with_claims": 0.5, "true_claims_hold": 1.0, "count": 100}
    many = {"with_claims": 0.9, "claims_hold": 0.5, "true_with_claims": 0.5, "true_claims_hold": 0.8, "count": 100}
    overall = overall_metrics({"few": few, "many": many, "labels": {"accuracy": 1.0, "count": 50}})
    assert overall["with_claims"] == pytest.approx(0.5)
    assert overall["claims_hold"] == pytest.approx((10 * 1.0 + 90 * 0.5) / 100)
    assert overall["true_claims_hold"] == pytest.approx(0.9)
