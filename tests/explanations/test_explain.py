"""Forecasts of the built-in model and their reasons."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from explanation_cases import SEASON
from tiny_checkpoints import save_forecaster
from transformers import PreTrainedModel

from ts_llm_fusion import BUILT_IN, check_text, explain, predict_df
from ts_llm_fusion.data.series.panels import wide_panel
from ts_llm_fusion.data.series.sources import SeriesSource, load_series
from ts_llm_fusion.explanations.explain import explain_evidence, explain_panel
from ts_llm_fusion.forecasting import load_forecaster
from ts_llm_fusion.modeling.configuration_tsfusion import EXPERT_GROUPS, EXPERTS
from ts_llm_fusion.processing.feature_extraction_forecast import ForecastFeatureExtractor


@pytest.fixture(scope="module")
def forecaster() -> tuple[PreTrainedModel, ForecastFeatureExtractor]:
    return load_forecaster(BUILT_IN)


def table(*names: str) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    time = np.arange(96)
    values = {name: 100 + time + SEASON[time % 12] + 3 * rng.standard_normal(96) for name in names}
    return pd.DataFrame(values, index=pd.date_range("1953-01-01", periods=96, freq="MS"))


def test_the_reasons_are_those_of_the_forecast(forecaster):
    explanations = explain(table("a", "b"), 12, model=forecaster, unit="t")
    forecast = predict_df(table("a", "b"), 12, model=forecaster)
    for name, explanation in zip("ab", explanations, strict=True):
        facts, evidence = explanation.facts, explanation.evidence
        mine = forecast[forecast["item_id"] == name]["predictions"].to_numpy()
        assert facts.name == name
        assert facts.horizon.mean == pytest.approx(mine.mean())
        np.testing.assert_allclose((evidence.weights * evidence.predictions).sum(axis=1), mine, rtol=1e-6)
        assert sum(share.weight for share in facts.experts.all) == pytest.approx(1, abs=1e-6)
        assert sum(share.weight for share in facts.experts.groups) == pytest.approx(1, abs=1e-6)
        assert facts.season.period == 12 and facts.season.peak.time == "1961-07-01T00:00:00"
        assert 2 <= len(explanation.sentences) <= 6
        assert all(claim.holds for claim in explanation.claims) and len(explanation.claims) > 20
        assert " t in " in explanation.text
        assert json.loads(json.dumps(explanation.to_dict(), allow_nan=False))["facts"]["season"]["name"] == "yearly"
    assert check_text(explanations[0].text, explanations[1].evidence) != list(explanations[0].claims)


def test_an_effect_is_what_the_model_forecasts_without_the_group(forecaster):
    model, _ = forecaster
    (explanation,) = explain(table("a"), 12, model=forecaster)
    past = torch.tensor(table("a").to_numpy())[None]
    with torch.no_grad():
        encoded = model.model(past, seasonal_period=12, prediction_length=12)
        available = encoded.available
        for share in explanation.facts.experts.groups:
            others = torch.tensor([EXPERT_GROUPS[name] != share.name for name in model.config.experts])
            encoded.available = available * others
            without = encoded.loc + encoded.scale * model.head(encoded)[1].double().mean(1)
            effect = explanation.facts.horizon.mean - without.item()
            assert share.effect == pytest.approx(effect, abs=1e-4)
    assert max(abs(share.effect) for share in explanation.facts.experts.groups) > 0.1


def test_every_expert_belongs_to_a_group():
    assert set(EXPERT_GROUPS) == set(EXPERTS)
    assert set(EXPERT_GROUPS.values()) == {"level", "trend", "season", "autoregression"}


def test_the_model_tells_the_periods_that_it_used(forecaster):
    model, _ = forecaster
    past = torch.tensor(table("a", "b").to_numpy())[None]
    assert model.predict(past, prediction_length=3).seasonal_periods[0, :, 0].tolist() == [12, 12]
    assert model.predict(past, None, 3, seasonal_period=(4, 7)).seasonal_periods.tolist() == [[[4, 7], [4, 7]]]


@pytest.mark.parametrize(
    "values",
    [[1.0, 2.0], [5.0] * 30, [0.0] * 9, [1e9, 1e9 + 1] * 20, [1e-12, 3e-12, 2e-12] * 9, [*range(40), *[np.nan] * 5]],
)
def test_any_series_is_explained(forecaster, values):
    index = pd.date_range("2024-03-30", periods=len(values), freq="h", tz="Europe/Berlin")
    for horizon, dated in ((1, True), (7, True), (7, False)):
        source = load_series(pd.DataFrame({"x": values}, index=index))
        panel = wide_panel(SeriesSource("x", source.series, dated=dated))
        (explanation,) = explain_panel(panel, *forecaster, horizon)
        assert 2 <= len(explanation.sentences) <= 6
        assert ("at step" in explanation.text) is not dated or horizon == 1
        json.dumps(explanation.to_dict(), allow_nan=False)


def test_a_value_long_ago_is_said_to_be_long_ago(forecaster):
    values = np.full(2300, np.nan)
    values[:3] = 1, 2, 4
    series = pd.DataFrame({"x": values}, index=pd.date_range("2000-01-01", periods=2300, freq="D"))
    (explanation,) = explain(series, 7, model=forecaster)
    assert explanation.facts.last.time == "2000-01-03T00:00:00" and explanation.facts.gaps.at_end == 2297
    assert "4.000 on Monday 3 January 2000" in explanation.text


def test_words_that_do_not_hold_are_an_error(forecaster, monkeypatch):
    (explanation,) = explain(table("a"), 12, model=forecaster)
    monkeypatch.setattr("ts_llm_fusion.explanations.explain.sentences", lambda facts, seed: ["It will rain."])
    with pytest.raises(RuntimeError, match="It will rain"):
        explain_evidence(explanation.evidence)


def test_units_and_models_without_experts_are_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="at most 40 printable characters"):
        explain(table("a"), 12, unit="two\nlines")
    save_forecaster(tmp_path)
    with pytest.raises(ValueError, match="no named experts"):
        explain(table("series 1"), 2, model=tmp_path)


def stores(*levels: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sales of stores by day, and two weeks of promotion and price ahead: +30 on three days, -4 for a price of +1."""
    rng, time = np.random.default_rng(0), np.arange(214)
    promotion = rng.random(214) < 0.15
    promotion[-14:] = np.isin(np.arange(14), (2, 3, 9))
    price = 10 + rng.normal(0, 0.5, 214)
    price[-14:] = 12.0
    table = pd.DataFrame(
        {"date": pd.date_range("2024-01-01", periods=214), "promotion": promotion, "price": price,
         "shelf": np.where(promotion, "front", "back")}
    )  # fmt: skip
    effect = 30 * promotion - 4 * (price - 10) + 8 * np.sin(2 * np.pi * time / 7)
    ids = [
        table.assign(store=name, sales=level + effect + rng.normal(0, 1, 214))
        for name, level in zip("abc", levels, strict=False)
    ]
    past, future = (pd.concat([rows[part] for rows in ids]) for part in (slice(200), slice(200, None)))
    return past, future.drop(columns="sales")


def test_covariates_of_a_long_table_are_explained_by_what_they_add(forecaster):
    past, future = stores(100.0, 300.0, np.nan)
    past, future = past.drop(columns="shelf"), future.drop(columns="shelf")
    names = {"future_df": future, "id_column": "store", "target": "sales", "model": forecaster}
    explanations = explain(past, 14, unit="t", **names)
    table = predict_df(past, 14, **names)
    # The third has no value.
    assert [explanation.facts.name for explanation in explanations] == ["a", "b"]
    for explanation in explanations:
        evidence, facts = explanation.evidence, explanation.facts
        forecast = table.loc[table["store"] == facts.name, "predictions"].to_numpy()
        np.testing.assert_allclose(evidence.forecast["mean"], forecast, rtol=1e-6)
        assert list(evidence.forecast.index) == list(pd.date_range("2024-07-19", periods=14))
        promotion, price = (
            next(one for one in facts.covariates.all if one.name == name) for name in ("promotion", "price")
        )
        assert [point.step for point in promotion.felt] == [3, 4, 10]
        assert promotion.largest.value == pytest.approx(30, abs=1.5)
        assert price.mean == pytest.approx(-8, abs=1.5) and price.steps == 14
        said = {claim.quantity: claim.words for claim in explanation.claims}
        assert (said["covariates.first.name"], said["covariates.second.name"]) == ("price", "promotion")
        assert "lowers the forecast by" in explanation.text and "in 3 of the 14 days" in explanation.text
        json.dumps(explanation.to_dict(), allow_nan=False)


def test_a_category_is_one_covariate_by_the_name_of_its_column(forecaster):
    past, future = stores(100.0)
    columns = ["store", "date", "shelf"]
    (explanation,) = explain(past[[*columns, "sales"]], 14, future[columns], "store", target="sales", model=forecaster)
    assert list(explanation.evidence.effects) == ["shelf"]
    assert explanation.facts.covariates.first.largest.value == pytest.approx(30, abs=4)


def test_targets_have_their_own_effects_and_files_are_read(forecaster, tmp_path: Path):
    past, _ = stores(100.0, 300.0)
    past = past.drop(columns="shelf").assign(double=2 * past["sales"])
    past.to_csv(tmp_path / "sales.csv", index=False)
    found = explain(tmp_path / "sales.csv", 7, id_column="store", target=["sales", "double"], model=forecaster)
    assert [one.facts.name for one in found] == ["a, sales", "a, double", "b, sales", "b, double"]
    sales, double = (one.evidence for one in found[:2])
    # Known of the past alone, they act as is to be expected of them, in proportion to each target.
    assert list(sales.effects) == ["promotion", "price"]
    np.testing.assert_allclose(double.forecast["mean"], 2 * sales.forecast["mean"], rtol=1e-6)
    np.testing.assert_allclose(double.effects, 2 * sales.effects, atol=1e-6)


def test_more_series_than_can_be_read_are_refused_early():
    rows = 2
    table = pd.DataFrame(np.ones((rows, 1001)), pd.date_range("2024", periods=rows))
    with pytest.raises(ValueError, match=r"1,001 series .*at most 1,000"):
        explain(table, 3)
