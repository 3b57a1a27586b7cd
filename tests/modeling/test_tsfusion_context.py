"""Texts in the TSFusion forecaster: the arithmetic is exact, and nothing else moves."""

import numpy as np
import pandas as pd
import pytest
import torch
from text_stub import WordEncoder

from ts_llm_fusion.modeling import modeling_text_encoder
from ts_llm_fusion.modeling.configuration_tsfusion import OPERATIONS, TSFusionConfig
from ts_llm_fusion.modeling.modeling_tsfusion import TSFusionForForecasting
from ts_llm_fusion.modeling.modeling_tsfusion_context import ContextHead, with_states
from ts_llm_fusion.modeling.modeling_tsfusion_context_conflicts import without_contradictions
from ts_llm_fusion.modeling.modeling_tsfusion_context_effects import ContextEffect, apply_contexts
from ts_llm_fusion.modeling.modeling_tsfusion_operations import apply_operation
from ts_llm_fusion.processing.context_features import prepare_context

STAMPS = pd.date_range("2024-01-01", periods=74, freq="D")
HISTORY = 100 + 20 * np.sin(np.arange(60) * 2 * np.pi / 7) + np.random.default_rng(0).normal(0, 3, 60)
VALUES = torch.tensor(HISTORY)[None, :, None]
LEVELS = [0.1, 0.5, 0.9]


@pytest.fixture
def model(monkeypatch):
    encoder = WordEncoder()
    monkeypatch.setattr(modeling_text_encoder, "load_text_encoder", lambda name, layer: encoder)
    torch.manual_seed(0)
    sizes = {"text_hidden_size": encoder.hidden_size, "context_hidden_size": 8, "context_heads": 2}
    return TSFusionForForecasting(TSFusionConfig(hidden_size=16, text_encoder="a/b", **sizes)).eval()


def always(model, operation):
    """Let the head choose one operation wherever it is possible, and any number and window."""
    with torch.no_grad():
        for layer in (model.context_head.operation, model.context_head.number, model.context_head.window):
            layer.weight.zero_()
            layer.bias.zero_()
        model.context_head.operation.bias[OPERATIONS.index("keep")] = 30.0
        model.context_head.operation.bias[OPERATIONS.index(operation)] = 60.0
    return model


def forecast(model, text=None, horizon=14, **options):
    context = None if text is None else [prepare_context(text, HISTORY, horizon, STAMPS[: 60 + horizon])[1]]
    return model.predict(VALUES, prediction_length=horizon, quantile_levels=LEVELS, context=context, **options)


@pytest.mark.parametrize(
    ("name", "operands", "expected"),
    [
        ("zero", (), [[0, 0], [0, 0]]),
        ("set", (7.0,), [[7, 7], [7, 7]]),
        ("times", (3.0,), [[3, 6], [9, 12]]),
        ("times", (-1.0,), [[-2, -1], [-4, -3]]),
        ("rise", (0.5,), [[1.5, 3], [4.5, 6]]),
        ("cut", (0.25,), [[0.75, 1.5], [2.25, 3]]),
        ("plus", (2.0,), [[3, 4], [5, 6]]),
        ("minus", (2.0,), [[-1, 0], [1, 2]]),
        ("cap", (2.5,), [[1, 2], [2.5, 2.5]]),
        ("floor", (2.5,), [[2.5, 2.5], [3, 4]]),
        ("range", (1.5, 3.5), [[1.5, 2], [3, 3.5]]),
        ("ramp_up", (1.0,), [[1.5, 3], [6, 8]]),
        ("ramp_down", (0.5,), [[0.75, 1.5], [1.5, 2]]),
        # The trend is 1 a step.
        ("flat", (), [[0, 1], [1, 2]]),
        ("reverse", (), [[-1, 0], [-1, 0]]),
        ("keep", (), [[1, 2], [3, 4]]),
        ("ignore", (), [[1, 2], [3, 4]]),
    ],
)
def test_an_operation_is_its_arithmetic_on_the_steps_of_its_window(name, operands, expected):
    quantiles = torch.tensor([[9.0, 9.0], [1.0, 2.0], [3.0, 4.0], [5.0, 5.0]], dtype=torch.float64)
    shares = torch.tensor([0.0, 1.0, 1.0, 0.0])
    path = torch.arange(10, dtype=torch.float64)
    found = apply_operation(name, operands, shares, quantiles, path, 1)
    np.testing.assert_allclose(found[1:3], expected)
    assert torch.equal(found[[0, 3]], quantiles[[0, 3]])


@pytest.mark.parametrize("name", [name for name in OPERATIONS if not name.startswith("ramp")])
def test_a_part_of_a_step_is_changed_by_that_share(name):
    rng = np.random.default_rng(0)
    quantiles = torch.tensor(np.sort(rng.normal(100, 10, (4, 3)), -1))
    path, weekdays = torch.tensor(rng.normal(100, 10, 40)), torch.arange(40) % 7
    operands = {"range": (95.0, 105.0), "cap": (99.0,), "floor": (101.0,), "set": (7.0,)}.get(name, (0.5,))

    def changed(shares):
        return apply_operation(name, operands, torch.tensor(shares), quantiles, path, 1, 6, weekdays, 1)

    # The trend counts the parts before a step, which are none at the first one.
    first = slice(0, 1 if name in ("flat", "reverse") else 4)
    whole, part = changed([1.0] * 4), changed([0.25] * 4)
    if first.stop == 1:
        whole = quantiles + 0.25 * (whole - quantiles)
    torch.testing.assert_close(part[first], (0.75 * quantiles + 0.25 * whole)[first])
    assert (part.diff(dim=-1) >= 0).all()
    assert torch.equal(changed([0.0, 0.5, 0.0, 0.0])[[0, 2, 3]], quantiles[[0, 2, 3]])


def test_a_gradual_change_is_whole_at_the_end_of_its_parts():
    quantiles = torch.full((3, 1), 100.0, dtype=torch.float64)
    found = apply_operation("ramp_up", (0.6,), torch.tensor([0.5, 1.0, 0.5]), quantiles, torch.ones(9), 1)
    # A quarter and three quarters of 60 % are reached in the first two steps, all of it in the last one.
    np.testing.assert_allclose(found[:, 0], [100 + 0.5 * 15, 100 + 45, 100 + 0.5 * 60])


def test_like_a_day_moves_the_level_by_that_of_the_day_at_the_same_hour():
    weekdays = torch.arange(7).repeat_interleave(2).repeat(4)
    path = (weekdays * 10 + torch.arange(56) % 2).double()
    quantiles = path[-14:, None] + torch.tensor([-1.0, 0.0, 1.0])
    found = apply_operation("like_day", (), torch.ones(14), quantiles, path, 14, 6, weekdays, 2)
    np.testing.assert_allclose(found[:, 1], 60 + np.arange(14) % 2)
    np.testing.assert_allclose(found[:, 2] - found[:, 0], 2)


def test_without_a_text_or_an_effect_every_bit_is_that_of_the_numeric_model(model):
    always(model, "keep")
    plain = forecast(model)
    read = forecast(model, "Sales will rise by 50 % from 4 to 6 March.")
    assert torch.equal(read.full_predictions, plain.full_predictions)
    assert torch.equal(read.mean_predictions, plain.mean_predictions)
    ((kept,),) = read.context_effects
    assert (kept.operation, kept.applied, kept.reason) == ("keep", False, "it states no effect on the series")
    assert plain.context_effects is None
    assert torch.equal(
        model.predict(VALUES, prediction_length=14, context=[None]).mean_predictions, plain.mean_predictions
    )


def test_neighboring_clauses_and_hints_change_the_reading_where_the_configuration_says_so(model):
    def probability(head, text):
        features = prepare_context(text, HISTORY, 14, STAMPS)[1]
        encoder = modeling_text_encoder.load_text_encoder("a/b", None)
        inputs = with_states(features, encoder.states(list(features["texts"])))
        return head.eval()(**inputs)[0].softmax(-1)[0]

    torch.manual_seed(0)
    config = model.config.to_diff_dict() | {"context_cues": True}
    seeing = ContextHead(TSFusionConfig(**config))
    plain, other = "Sales rise on 4 March. It was wrong.", "Sales rise on 4 March. It was right."
    assert torch.equal(probability(model.context_head, plain), probability(model.context_head, other))
    assert not torch.equal(probability(seeing, plain), probability(seeing, other))
    before = probability(seeing, plain)
    with torch.no_grad():
        seeing.word_cues.weight.zero_()
    assert not torch.equal(probability(seeing, plain), before)


def test_an_effect_moves_all_quantiles_of_its_steps_and_nothing_else(model):
    always(model, "rise")
    plain, text = forecast(model), "We sell cars. Sales will rise by 50 % from 4 to 6 March."
    read = forecast(model, text)
    # The horizon starts on 1 March.
    np.testing.assert_allclose(read.full_predictions[0, 3:6], 1.5 * plain.full_predictions[0, 3:6], rtol=1e-6)
    kept = [*range(3), *range(6, 14)]
    assert torch.equal(read.full_predictions[0, kept], plain.full_predictions[0, kept])
    assert torch.equal(read.numeric_predictions, plain.mean_predictions)
    assert torch.equal(read.expert_weights, plain.expert_weights)
    ((cars, effect),) = read.context_effects
    assert (cars.phrase, cars.operation, cars.applied) == ("We sell cars.", "keep", False)
    assert (effect.operation, effect.operands, effect.steps, effect.when) == (
        "rise",
        (0.5,),
        ((3, 6),),
        "from 4 to 6 March",
    )
    assert text[slice(*effect.span)] == effect.phrase == "Sales will rise by 50 % from 4 to 6 March."
    assert effect.applied
    assert effect.confidence > 0.99


def test_a_share_more_of_a_negative_series_is_refused(model):
    always(model, "rise")
    context = [prepare_context("Sales will be 20% higher on 3 March.", -HISTORY, 14, STAMPS)[1]]
    (effect,) = model.predict(-VALUES, prediction_length=14, context=context).context_effects[0]
    assert not effect.applied and "values below 0" in effect.reason


@pytest.mark.parametrize(("operation", "number"), [("rise", "20%"), ("ramp_down", "20%"), ("plus", "20")])
@pytest.mark.parametrize("lowest", [-30.0, -4.0, 0.0])
def test_a_share_more_of_values_on_both_sides_of_0_is_refused_unless_one_is_noise(model, operation, number, lowest):
    always(model, operation)
    # The highest value is about 125.
    history = np.where(np.arange(60) % 10 == 0, lowest, HISTORY)
    context = [prepare_context(f"Sales will be {number} higher on 3 March.", history, 14, STAMPS)[1]]
    values = torch.tensor(history)[None, :, None]
    (effect,) = model.predict(values, prediction_length=14, context=context).context_effects[0]
    refused = lowest == -30 and operation != "plus"
    assert (effect.applied, "runs from -30 to" in effect.reason) == (not refused, refused)


def test_a_share_of_the_usual_that_is_reached_is_a_factor(model):
    always(model, "cut")
    (effect,) = forecast(model, "Sales will fall to 20% of the usual on 3 March.").context_effects[0]
    assert (effect.operation, effect.operands) == ("times", (0.2,))


def test_a_value_that_is_reached_is_set_and_no_change(model):
    always(model, "plus")
    (effect,) = forecast(model, "Sales will rise to 20 on 3 March.").context_effects[0]
    assert (effect.operation, effect.operands, effect.applied) == ("set", (20.0,), True)
    assert forecast(model, "Sales will rise by 20 on 3 March.").context_effects[0][0].operation == "plus"
    # Of a limit it is none of the series.
    (effect,) = forecast(model, "The limit will rise to 20 on 3 March.").context_effects[0]
    assert not effect.applied and "the value that is reached" in effect.reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Sales will be 20% higher than in Lyon on 3 March.", "compares with another series"),
        ("Lyon and Paris are 20% higher on 3 March respectively.", "in turn"),
    ],
)
def test_what_is_said_by_another_series_is_refused(model, text, reason):
    always(model, "rise")
    context = [prepare_context(text, HISTORY, 14, STAMPS, ["sales", "Paris"], ["Lyon"])[1]]
    (effect,) = model.predict(VALUES, prediction_length=14, context=context).context_effects[0]
    assert not effect.applied and reason in effect.reason


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        (("set", (80.0,), (2, 3)), ("set", (120.0,), (2, 3)), "says what these steps are"),
        (("rise", (0.1,), (2, 3)), ("zero", (), (0, 9)), "says what these steps are"),
        (("set", (80.0,), (2, 5)), ("set", (120.0,), (2, 3)), ""),
        (("cap", (90.0,), (4, 5)), ("floor", (110.0,), (4, 9)), "has another bound"),
        (("range", (90.0, 95.0), (5, 9)), ("cap", (80.0,), (4, 9)), "has another bound"),
        (("floor", (90.0,), (2, 5)), ("cap", (95.0,), (2, 5)), ""),
        (("ignore", (), (-9, -5)), ("zero", (), (-9, 9)), ""),
    ],
)
def test_of_what_contradicts_the_last_stands(first, second, reason):
    effects = [
        ContextEffect(name, "", (0, 0), operands, "", (steps,), -1, 1.0) for name, operands, steps in (first, second)
    ]
    found, last = without_contradictions(effects)
    assert (found.applied, last) == (not reason, effects[1])
    assert reason in found.reason


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        (("rise", 0.1, "Sales rise by 10%."), ("cut", 0.2, "Sales fall by 20%."), "another change"),
        (("rise", 0.1, "Sales rise by 10%."), ("rise", 0.12, "Sales rise by 12%."), "another change"),
        (("rise", 0.1, "10% more because of the fair."), ("rise", 0.05, "Another 5% because of the campaign."), ""),
        (("rise", 0.1, "The fair lifts sales by 10%."), ("cut", 0.2, "The strike cuts sales by 20%."), ""),
        (
            ("rise", 0.1, "The fair lifts sales by 10%."),
            ("rise", 0.2, "The fair lifts sales by 20%."),
            "another change",
        ),
        (("rise", 0.1, "Sales rise by 10%."), ("plus", 20.0, "Sales rise by 20."), ""),
        (("minus", 5.0, "5 less."), ("plus", 20.0, "20 more."), "another change"),
        (
            ("ramp_up", 0.1, "Sales slowly rise by 10%."),
            ("ramp_down", 0.1, "They slowly fall by 10%."),
            "another change",
        ),
    ],
)
def test_of_two_changes_of_the_same_steps_the_last_stands_unless_both_are_meant(first, second, reason):
    effects = [
        ContextEffect(name, phrase, (0, 0), (operand,), "", ((2, 5),), -1, 1.0)
        for name, operand, phrase in (first, second)
    ]
    found, last = without_contradictions(effects)
    assert (found.applied, last) == (not reason, effects[1])
    assert reason in found.reason


def test_of_three_changes_the_last_stands_though_it_was_said_before():
    told = [("rise", 0.1), ("cut", 0.2), ("rise", 0.1), ("times", 1.1)]
    effects = [ContextEffect(name, "", (0, 0), (operand,), "", ((2, 5),), -1, 1.0) for name, operand in told]
    found = without_contradictions(effects)
    assert [effect.applied for effect in found] == [False, False, True, False]
    assert found[3].reason == "it was said before"


def applied(*told):
    """Quantiles of six steps at 100, with operations on steps each."""
    effects = [ContextEffect(name, "", (0, 0), operands, "", (steps,), -1, 1.0) for name, operands, steps in told]
    context = [{"weekday": np.zeros(12, dtype=np.int64), "day_length": 1}]
    forecasts = torch.full((1, 6, 1), 100.0), torch.full((1, 6, 1, 1), 100.0)
    past, periods = torch.full((1, 6, 1), 100.0), torch.ones(1, 1, 2, dtype=torch.long)
    done = without_contradictions(effects)
    found = apply_contexts([done], context, forecasts, past, torch.ones_like(past), periods)
    assert torch.equal(found[0], found[1][..., 0])
    return found[0][0, :, 0].tolist(), done


CAP, FALL = ("cap", (90.0,), (0, 6)), ("cut", (0.3,), (1, 3))


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ((CAP, FALL), [90, 70, 70, 90, 90, 90]),
        ((FALL, CAP), [90, 70, 70, 90, 90, 90]),
        ((CAP, ("rise", (0.3,), (1, 3))), [90] * 6),
        ((("floor", (80.0,), (0, 6)), FALL), [100, 80, 80, 100, 100, 100]),
        ((("range", (80.0, 95.0), (0, 6)), FALL), [95, 80, 80, 95, 95, 95]),
        # A value said of fewer steps is an exception, wherever it stands.
        ((("floor", (80.0,), (0, 6)), ("zero", (), (2, 3))), [100, 100, 0, 100, 100, 100]),
        ((("zero", (), (2, 3)), ("floor", (80.0,), (0, 6))), [100, 100, 0, 100, 100, 100]),
        # Of as many, or of more, it stands where it is said later.
        ((("set", (120.0,), (0, 4)), ("cap", (90.0,), (2, 6))), [120, 120, 90, 90, 90, 90]),
        ((("cap", (90.0,), (2, 6)), ("set", (120.0,), (0, 4))), [120, 120, 120, 120, 90, 90]),
        # Of two bounds that exclude each other the later one holds, for its steps.
        ((("cap", (90.0,), (0, 3)), ("floor", (110.0,), (2, 5))), [90, 90, 110, 110, 110, 100]),
        ((("set", (120.0,), (0, 6)), ("cap", (90.0,), (2, 3))), [120, 120, 90, 120, 120, 120]),
    ],
)
def test_bounds_hold_for_what_all_else_makes_of_a_forecast(told, expected):
    assert applied(*told)[0] == pytest.approx(expected)


def test_a_bound_names_no_step_of_which_another_value_is_said():
    _, (cap, value) = applied(CAP, ("set", (120.0,), (2, 4)))
    assert (cap.steps, value.steps) == (((0, 2), (4, 6)), ((2, 4),))
    _, (cap, *_) = applied(CAP, ("set", (120.0,), (0, 3)), ("set", (130.0,), (3, 6)))
    assert (cap.applied, cap.reason) == (False, "other clauses say what these steps are")
    # One within the bound is no contradiction.
    assert applied(CAP, ("set", (80.0,), (2, 4)))[1][0].steps == ((0, 6),)


def test_two_texts_of_a_batch_act_on_their_own_series(model):
    always(model, "zero")
    contexts = [
        prepare_context(text, HISTORY, 14, STAMPS)[1] for text in ("Closed on 3 March.", "Closed from 10 to 12 March.")
    ]
    values = torch.stack((VALUES[0, :, 0], 2 * VALUES[0, :, 0]), -1)[None]
    found = model.predict(values, prediction_length=14, context=contexts).mean_predictions[0]
    assert (found[:, 0] == 0).nonzero().flatten().tolist() == [2]
    assert (found[:, 1] == 0).nonzero().flatten().tolist() == [9, 10, 11]
    # A history that begins later is padded on the left.
    longer = torch.cat((torch.full((1, 9, 2), torch.nan), values), 1)
    padded = model.predict(longer, prediction_length=14, context=contexts).mean_predictions[0]
    assert (padded[:, 1] == 0).nonzero().flatten().tolist() == [9, 10, 11]


MONTHS = pd.date_range("2020-01-01", periods=62, freq="MS")


def of_months(model, text):
    """The effect of a text on the first two months of 2025, and the point forecasts with and without it."""
    context = [prepare_context(text, HISTORY, 2, MONTHS)[1]]
    read = model.predict(VALUES, prediction_length=2, context=context)
    plain = model.predict(VALUES, prediction_length=2)
    return read.context_effects[0][0], read.mean_predictions[0, :, 0], plain.mean_predictions[0, :, 0]


def test_a_day_of_a_month_is_a_part_of_it(model):
    effect, read, plain = of_months(always(model, "zero"), "Closed on 3 January.")
    assert (effect.steps, effect.partial) == (((0, 1),), ((0, pytest.approx(1 / 31)),))
    np.testing.assert_allclose(read, plain * torch.tensor([30 / 31, 1]), rtol=1e-6)
    effect, read, plain = of_months(model, "Closed from 18 January on.")
    assert (effect.steps, effect.partial) == (((0, 2),), ((0, pytest.approx(14 / 31)),))
    np.testing.assert_allclose(read, plain * torch.tensor([17 / 31, 0]), rtol=1e-6)
    effect, read, plain = of_months(model, "Closed in January.")
    assert (effect.partial, read.tolist()) == ((), [0, plain[1]])


@pytest.mark.parametrize(
    ("operation", "text", "reason"),
    [
        ("plus", "On 3 January it is 50 more.", "its time covers no whole step"),
        ("set", "On 3 January it is set to 90.", "its time covers no whole step"),
        ("cap", "From 3 to 20 January it is at most 90.", "its time covers no whole step"),
        ("plus", "From 18 January on it is 50 more.", ""),
        ("ignore", "The meter was broken on 3 December.", "less than half of any step of the history"),
        ("ignore", "The meter was broken from 3 to 31 December.", ""),
    ],
)
def test_a_number_of_a_part_of_a_step_is_refused(model, operation, text, reason):
    effect, read, plain = of_months(always(model, operation), text)
    assert effect.applied == (not reason) and reason in effect.reason
    assert torch.equal(read, plain) == bool(reason)
    if operation == "plus" and not reason:
        np.testing.assert_allclose(read - plain, [50 * 14 / 31, 50], rtol=1e-5)


def test_a_stretch_of_the_past_that_is_ignored_is_left_out_of_the_fit(model):
    always(model, "ignore")
    read = forecast(model, "The meter was broken from 20 to 25 February.")
    mask = torch.ones_like(VALUES, dtype=torch.bool)
    mask[0, 50:56] = False
    masked = model.predict(VALUES, mask, prediction_length=14, quantile_levels=LEVELS)
    assert torch.equal(read.full_predictions, masked.full_predictions)
    assert read.context_effects[0][0].steps == ((-10, -4),)
    everything = forecast(model, "The meter was broken from 1 January to 29 February.")
    assert not everything.context_effects[0][0].applied
    assert "nothing would be left" in everything.context_effects[0][0].reason


@pytest.mark.parametrize(
    ("operation", "text", "reason"),
    [
        (
            "times",
            "Sales will be 100000000 times the usual on 3 March.",
            "1e+08 is too large for a factor of a series from",
        ),
        ("times", "Sales will be multiplied by 120 on 3 March.", "120 is too large for a factor of a series from"),
        ("set", "Sales will be 900000 on 3 March.", "its number cannot be of the series: the series runs from"),
        ("cap", "Sales will be at most -30 on 3 March.", "as a cap it would leave nothing of a series"),
        ("zero", "Closed on 3 December 2031.", "its time has no step in the horizon"),
        ("rise", "Prices go up, so sales fall by 20% on 3 March.", "word at its number says the other direction"),
        ("rise", "Prices fall, so sales go up by 20% on 3 March.", ""),
        ("cut", "Heads-up: 20% fewer trips on 3 March.", ""),
        ("like_day", "Like on a Sunday from 2024-03-02 on.", ""),
        ("cut", "If it rains on 3 March, sales drop by 50%.", "only under a condition"),
        ("zero", "Should the strike go ahead, the plant is closed on 3 March.", "only under a condition"),
        ("cap", "In case of an alarm, 90 at most on 3 March.", "only under a condition"),
        ("zero", "Failing payment, deliveries cease on 3 March.", "only under a condition"),
        ("floor", "Should sales reach 90 or more on 3 March?", "it is a question"),
        ("rise", "At no point on 3 March will sales rise by 20%.", "will not be so"),
        ("zero", "At no time on 3 March will there be any visitors.", ""),
        ("zero", "The store may be closed on 3 March.", "may be so or not"),
        ("zero", "We will not be closed on 3 March.", "will not be so"),
        ("zero", "The store won't close on 3 March.", "will not be so"),
        ("zero", "There will be no closure on 3 March.", "will not be so"),
        ("zero", "Closed on 3 March, as in the plan that is no longer valid.", "will not be so"),
        ("cut", "Sales will not fall by 20% on 3 March.", "will not be so"),
        ("rise", "Sales are never going to rise by 20% on 3 March.", "will not be so"),
        ("cut", "Sales will not hold: a fall by 20% on 3 March.", ""),
        ("zero", "We will not be open on 3 March.", ""),
        ("cap", "If more than 90 come on 3 March, they are sent home.", ""),
        ("like_day", "Sales go on 3 March as if it were a Sunday.", ""),
        ("cut", "Even if the sun shines, sales drop by 50% on 3 March.", ""),
        ("cut", "Provided that it rains, sales drop by 50% on 3 March.", "only under a condition"),
        ("zero", "There is a 50% chance that it is closed on 3 March.", "may be so or not"),
        ("flat", "The trend will not stop on 3 March.", "will not be so"),
        ("flat", "The upward trend will continue on 3 March.", "the trend goes on"),
        ("flat", "The trend will not continue on 3 March.", ""),
        ("like_day", "3 March will not be like a Sunday.", "will not be so"),
        ("rise", "There will be no 20% rise on 3 March.", "will not be so"),
        ("rise", "Sales on 3 March will be 20% higher than in the previous season.", "another time"),
        ("cut", "On 3 March they are 20% below those of the same day of the previous season.", "another time"),
        ("rise", "Sales on 3 March will be 20% higher than usual.", ""),
        ("range", "Sales go from 100 to 80 on 3 March.", "to which it changes"),
        ("floor", "Sales are 10 lower on 3 March.", "the other direction"),
        ("cut", "Sales fall to 20% on 3 March.", "the share that is reached"),
        ("cut", "Sales fall to 20% below the usual on 3 March.", ""),
        ("set", "Our goal for 3 March is 120.", "aimed at"),
        ("set", "Budget: 120 on 3 March.", "aimed at"),
        ("set", "On 3 March we aim for 120.", "aimed at"),
        ("rise", "It is our target to sell 20% more on 3 March.", "aimed at"),
        ("cap", "We want to stay below 105 on 3 March.", "aimed at"),
        ("set", "Sales are set to hit the target of 120 on 3 March.", ""),
        ("set", "The target of 120 is reached on 3 March.", ""),
    ],
)
def test_what_cannot_be_is_not_applied_and_says_why(model, operation, text, reason):
    always(model, operation)
    read = forecast(model, text)
    (effect,) = read.context_effects[0]
    assert effect.applied == (not reason)
    assert reason in effect.reason
    assert torch.isfinite(read.full_predictions).all()
    if reason:
        assert torch.equal(read.full_predictions, forecast(model).full_predictions)


@pytest.mark.parametrize(("words", "operation"), [("below", "cap"), ("above", "floor")])
def test_words_say_the_side_of_a_bound_that_is_sure(model, words, operation):
    always(model, "cap")
    with torch.no_grad():
        model.context_head.operation.bias[OPERATIONS.index("floor")] = 60.0
    (effect,) = forecast(model, f"Sales stay {words} 105 on 3 March.").context_effects[0]
    assert (effect.operation, effect.operands, effect.applied) == (operation, (105.0,), True)
    assert effect.confidence == pytest.approx(1)


def test_a_bound_that_is_told_twice_is_no_range(model, monkeypatch):
    always(model, "cap")
    # The head is not trained: either number may be the bound.
    monkeypatch.setattr(model.config, "context_threshold", 0.3)
    (effect,) = forecast(model, "If more than 90 come on 3 March, the rest go home: 90 at most.").context_effects[0]
    assert (effect.operation, effect.operands, effect.applied) == ("cap", (90.0,), True)


def test_a_context_that_does_not_fit_is_refused(model):
    context = prepare_context("Closed on 3 March.", HISTORY, 14, STAMPS)[1]
    with pytest.raises(ValueError, match=r"context 0 was prepared for 14 steps ahead; the forecast has 7"):
        model.predict(VALUES, prediction_length=7, context=[context])
    with pytest.raises(ValueError, match=r"2 contexts for past_values of shape"):
        model.predict(VALUES, prediction_length=14, context=[context, None])
    silent = TSFusionForForecasting(TSFusionConfig(hidden_size=16))
    with pytest.raises(ValueError, match="this model reads no text"):
        silent.predict(VALUES, prediction_length=14, context=[context])


def test_a_text_of_many_series_is_encoded_once(model):
    context = prepare_context("Closed on 3 March. Sales rise by 20 % on 5 March.", HISTORY, 14, STAMPS)[1]
    encoder = modeling_text_encoder.load_text_encoder("a/b", None)
    encoder.encoded = 0
    model.predict(VALUES.expand(50, -1, -1), prediction_length=14, context=[dict(context) for _ in range(50)])
    assert encoder.encoded == 2


def test_the_head_is_saved_with_the_forecaster(model, tmp_path):
    always(model, "rise")
    text = "Sales will rise by 50 % from 4 to 6 March."
    model.half().save_pretrained(tmp_path)
    loaded = TSFusionForForecasting.from_pretrained(tmp_path)
    again, before = forecast(loaded, text), forecast(model.float(), text)
    assert torch.equal(again.full_predictions, before.full_predictions)
    assert loaded.config.text_encoder == "a/b"
    with pytest.raises(ValueError, match="context_threshold is 2"):
        TSFusionConfig(context_threshold=2.0)
