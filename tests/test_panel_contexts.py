"""Texts of a table: one for all series, or by id."""

import json
import logging

import numpy as np
import pandas as pd
import pytest
import torch
from text_stub import WordEncoder

from ts_llm_fusion import panel_contexts
from ts_llm_fusion.data.series.panel_reading import read_panel
from ts_llm_fusion.explanations.explain import explain
from ts_llm_fusion.modeling import modeling_text_encoder
from ts_llm_fusion.modeling.configuration_tsfusion import OPERATIONS, TSFusionConfig
from ts_llm_fusion.modeling.modeling_tsfusion import TSFusionForForecasting
from ts_llm_fusion.panel_contexts import contexts_by_series, encode_contexts
from ts_llm_fusion.prediction import predict_df

STAMPS = pd.date_range("2024-01-01", periods=60, freq="D")
TABLE = pd.DataFrame(
    {
        "item_id": np.repeat(["a", "b"], 60),
        "timestamp": np.tile(STAMPS, 2),
        "target": np.tile(100 + 10 * np.sin(np.arange(60) * 2 * np.pi / 7), 2),
    }
)
PANEL = read_panel(TABLE)


@pytest.fixture
def model(monkeypatch):
    """A forecaster whose head says "zero" of each clause."""
    encoder = WordEncoder()
    for module in (modeling_text_encoder, panel_contexts):
        monkeypatch.setattr(module, "load_text_encoder", lambda name, layer: encoder)
    sizes = {"text_hidden_size": encoder.hidden_size, "context_hidden_size": 8, "context_heads": 2}
    found = TSFusionForForecasting(TSFusionConfig(hidden_size=16, text_encoder="a/b", **sizes)).eval()
    with torch.no_grad():
        for weights in found.context_head.parameters():
            weights.zero_()
        found.context_head.operation.bias[OPERATIONS.index("zero")] = 60.0
    return found


@pytest.mark.parametrize(
    ("context", "texts"),
    [
        (None, ["", ""]),
        ("Rain.", ["Rain.", "Rain."]),
        ({"b": "Rain."}, ["", "Rain."]),
        (pd.Series({"b": "Rain.", "a": None}), ["", "Rain."]),
        (pd.DataFrame({"item_id": ["b", "b", "a"], "context": ["Rain.", "Sun.", "Fog."]}), ["Fog.", "Rain.\n\nSun."]),
        ({}, ["", ""]),
    ],
)
def test_a_text_for_all_or_for_each_id(context, texts):
    assert contexts_by_series(context, PANEL) == texts


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"z": "Rain."}, "context has a text for 'z', which is not an id of the table; there are 'a', 'b'"),
        ({"a": 3}, "context of 'a' is a int; give a text"),
        (
            3,
            "context is a int; give a text, a mapping of ids to texts, or a table with the columns",
        ),
        (pd.DataFrame({"item_id": ["a"]}), "the table has no column 'context'; its columns are 'item_id'"),
    ],
)
def test_contexts_that_fit_no_series_are_one_line(context, message):
    with pytest.raises(ValueError, match=message):
        contexts_by_series(context, PANEL)


def test_a_table_without_ids_has_texts_by_the_names_of_its_columns():
    alone = TABLE[TABLE["item_id"] == "a"].drop(columns="item_id")
    assert contexts_by_series({"target": "Rain."}, read_panel(alone)) == ["Rain."]
    two = read_panel(alone.assign(other=alone["target"] + 1), target=["target", "other"])
    assert contexts_by_series({"other": "Rain."}, two) == ["", "Rain."]
    assert contexts_by_series("Rain.", two) == ["Rain.", "Rain."]
    with pytest.raises(ValueError, match="'z', which is not a target of the table; there are 'target', 'other'"):
        contexts_by_series({"z": "Rain."}, two)


def test_one_text_is_grounded_once_on_each_time_axis(model, monkeypatch):
    count = []
    ground = panel_contexts.ground_on_axis
    monkeypatch.setattr(panel_contexts, "ground_on_axis", lambda *given: count.append(1) or ground(*given))
    later = TABLE.assign(item_id=TABLE["item_id"] + "2", timestamp=TABLE["timestamp"] + pd.Timedelta(days=1))
    panel = read_panel(pd.concat([TABLE, later]))
    contexts = encode_contexts(panel, "Closed on 3 March.", 7, model)
    assert len(contexts.features) == 4
    assert len(count) == 2


def test_the_forecast_of_a_table_follows_the_text_of_each_id(model, caplog):
    with caplog.at_level(logging.INFO):
        found = predict_df(TABLE, 7, context={"b": "Closed on 3 March."}, model=model)
    plain = predict_df(TABLE, 7, model=model)
    assert "“Closed on 3 March”: zero in steps 3" in caplog.text
    moved = found.drop(columns=["item_id", "timestamp", "target_name"]) != plain[["predictions", "0.1", "0.5", "0.9"]]
    assert np.flatnonzero(moved.any(axis=1)).tolist() == [9]
    assert (found.loc[9, ["predictions", "0.1", "0.9"]] == 0).all()


def test_one_text_is_read_for_the_series_that_each_clause_names(model, caplog):
    named = TABLE.assign(item_id=TABLE["item_id"].map({"a": "north", "b": "south"}))
    with caplog.at_level(logging.INFO):
        found = predict_df(named, 7, context="South is closed on 3 March.", model=model)
    plain = predict_df(named, 7, model=model)
    moved = found["predictions"] != plain["predictions"]
    assert found.loc[moved, ["item_id", "predictions"]].to_numpy().tolist() == [["south", 0]]
    refused = "zero in steps 3 is not applied: it names another series of the table"
    (record,) = [one for one in caplog.records if refused in one.getMessage()]
    assert record.levelno == logging.INFO
    assert "nothing in the text" not in caplog.text


def test_a_number_is_an_id_behind_the_name_of_its_column(model):
    numbered = TABLE.assign(store_id=TABLE["item_id"].map({"a": 1, "b": 2})).drop(columns="item_id")
    kwargs = {"model": model, "id_column": "store_id"}
    plain = predict_df(numbered, 7, **kwargs)
    for text in ("Store 2 is closed on 3 March.", "Series 2 is closed on 3 March."):
        found = predict_df(numbered, 7, context=text, **kwargs)
        moved = found["predictions"] != plain["predictions"]
        assert found.loc[moved, ["store_id", "predictions"]].to_numpy().tolist() == [[2, 0]]


def test_a_part_of_a_step_is_named(model, caplog):
    months = TABLE.assign(timestamp=np.tile(pd.date_range("2019-04-01", periods=60, freq="MS"), 2))
    caplog.set_level(logging.INFO)
    predict_df(months, 3, context={"b": "Closed on 3 April."}, model=model)
    assert "“Closed on 3 April”: zero in steps 1 (3.3 % of 1)" in caplog.text
    (explanation,) = explain(months[months["item_id"] == "b"], 3, context="Closed on 3 April.", model=model)
    assert "set to 0 for 3.3 % of the time in April 2024" in explanation.text
    assert explanation.facts.texts.first.share == pytest.approx(1 / 30)
    np.testing.assert_allclose(
        explanation.evidence.forecast["mean"].iloc[0], explanation.evidence.numeric.iloc[0] * 29 / 30, rtol=1e-6
    )


def test_what_is_held_at_0_is_told_as_it_is(model):
    with torch.no_grad():
        model.context_head.operation.bias.zero_()
        model.context_head.operation.bias[OPERATIONS.index("minus")] = 60.0
    alone = TABLE[TABLE["item_id"] == "a"]
    plain, held = (
        explain(alone, 7, context="It is 150 lower on 3 March.", model=model, non_negative=one)[0]
        for one in (False, True)
    )
    third = plain.evidence.numeric.iloc[2]
    np.testing.assert_allclose([plain.facts.texts.first.mean, held.facts.texts.first.mean], [-150, -third], rtol=1e-5)
    assert held.evidence.forecast["mean"].min() == 0 > plain.evidence.forecast["mean"].min()
    assert all(claim.holds for claim in held.claims)


def test_what_is_not_applied_is_a_warning(model, caplog):
    predict_df(TABLE, 7, context="Closed on 3 March 2031.", model=model)
    assert (
        "is not applied: its time has no step in the horizon: it lies outside history and horizon (2 series)"
        in caplog.text
    )


def test_what_has_no_effect_or_is_said_twice_is_named(model, caplog):
    with torch.no_grad():
        model.context_head.operation.bias.zero_()
        model.context_head.operation.bias[OPERATIONS.index("keep")] = 60.0
    caplog.set_level(logging.INFO)
    predict_df(TABLE, 7, context="Rain on 2 March. Sun. It rains on 2 May 2031.", model=model)
    assert "not used: “Rain on 2 March”, “Sun”: it states no effect on the series." in caplog.text
    assert "no effect on the series (“on 2 May 2031”: it lies outside history and horizon)." in caplog.text
    assert "nothing in the text changes the forecast of 2 series" in caplog.text


def test_an_explanation_quotes_the_phrase_and_says_what_it_does(model):
    first, second = explain(TABLE, 7, context={"b": "Closed on 3 March."}, model=model)
    assert first.facts.texts is None
    (text,) = second.facts.texts.all
    assert (text.phrase, text.operation, text.steps, text.start.step) == ("Closed on 3 March", "set to 0", 1, 3)
    np.testing.assert_allclose(text.mean, -first.evidence.forecast["mean"].iloc[2], rtol=1e-5)
    assert "“Closed on 3 March”" in second.text
    assert all(claim.holds for claim in second.claims)
    (clause,) = second.to_dict()["text"]
    assert (clause["phrase"], clause["used"], clause["does"]) == ("Closed on 3 March", True, "zero in steps 3")
    assert first.to_dict()["text"] == []
    assert "NaN" not in json.dumps(second.to_dict())
