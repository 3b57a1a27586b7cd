"""predict_df: tables of forecasts of many series, with the built-in model, trained ones and those of transformers."""

import logging

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_checkpoints import save_forecaster
from tiny_configs import TINY_GPT2
from transformers import (
    BertConfig,
    BertModel,
    PatchTSTConfig,
    PatchTSTForPrediction,
    TimesFm2_5Config,
    TimesFm2_5ModelForPrediction,
    pipeline,
)
from transformers.utils.logging import is_progress_bar_enabled

from ts_llm_fusion import (
    BUILT_IN,
    ForecastFeatureExtractor,
    LLMPSConfig,
    LLMPSForForecasting,
    forecast_frame,
    predict_df,
    prediction,
)
from ts_llm_fusion.data.series.panel_reading import read_panel
from ts_llm_fusion.forecasting import load_forecaster
from ts_llm_fusion.modeling.configuration_tsfusion import TSFusionConfig
from ts_llm_fusion.modeling.modeling_tsfusion import TSFusionForForecasting
from ts_llm_fusion.prediction import default_horizon, load
from ts_llm_fusion.processing.covariate_inputs import CovariateInputs

MODEL = load_forecaster(BUILT_IN)
NUMBERS = ["predictions", "0.1", "0.5", "0.9"]


def series(name: str, rows: int, step: str = "D", seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    values = 50 + 5 * np.sin(np.arange(rows) * 2 * np.pi / 7) + rng.normal(size=rows)
    stamps = pd.date_range("2024-01-01", periods=rows, freq=step)
    return pd.DataFrame({"item_id": name, "timestamp": stamps, "target": values})


TABLE = pd.concat(
    [series("b", 90), series("a", 200, "h", 1), series("c", 40, "MS", 2), series("d", 120, "B", 3)], ignore_index=True
)


def sorted_table(table: pd.DataFrame) -> pd.DataFrame:
    return table.sort_values(["item_id", "target_name", "timestamp"], ignore_index=True)


def timesfm() -> TimesFm2_5ModelForPrediction:
    torch.manual_seed(0)
    sizes = {"num_hidden_layers": 1, "hidden_size": 32, "intermediate_size": 32, "head_dim": 8, "horizon_length": 16}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 4, "output_quantile_len": 32, "context_length": 128}
    return TimesFm2_5ModelForPrediction(TimesFm2_5Config(**sizes, **heads))


def patchtst(**options) -> PatchTSTForPrediction:
    torch.manual_seed(0)
    sizes = {"d_model": 16, "num_hidden_layers": 1, "ffn_dim": 16, "num_attention_heads": 2, "patch_length": 8}
    lengths = {"context_length": 48, "prediction_length": 12, "patch_stride": 8, "num_input_channels": 1}
    return PatchTSTForPrediction(PatchTSTConfig(**sizes | lengths | options))


def test_the_table_holds_the_forecasts_of_the_model_after_the_end_of_each_series() -> None:
    found = predict_df(TABLE, 5, model=MODEL)
    assert list(found.columns) == ["item_id", "timestamp", "target_name", *NUMBERS]
    assert list(found["item_id"].unique()) == ["b", "a", "c", "d"]
    dates = found.groupby("item_id")["timestamp"].agg(list)
    assert dates["b"] == list(pd.date_range("2024-03-31", periods=5))
    assert dates["c"] == list(pd.date_range("2027-05-01", periods=5, freq="MS"))
    assert dates["d"] == list(pd.bdate_range("2024-06-17", periods=5))
    past = torch.tensor(TABLE["target"][TABLE["item_id"] == "a"].to_numpy())[None, :, None]
    out = MODEL[0].predict(past, None, 5, [0.1, 0.5, 0.9], seasonal_period=(24, 168))
    rows = found[found["item_id"] == "a"]
    np.testing.assert_allclose(rows["predictions"], out.mean_predictions[0, :, 0], rtol=1e-6)
    np.testing.assert_allclose(rows[["0.1", "0.5", "0.9"]], out.full_predictions[0, :, 0], rtol=1e-6)


@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 99), absent=st.sets(st.integers(1, len(TABLE) - 2), max_size=30), size=st.integers(1, 5))
def test_no_forecast_depends_on_the_other_series_or_the_order(seed: int, absent: set[int], size: int) -> None:
    ends = TABLE.groupby("item_id").tail(1).index.union(TABLE.groupby("item_id").head(2).index)
    rest = TABLE.drop(index=[row for row in absent if row not in ends])
    expected = sorted_table(predict_df(rest, 4, model=MODEL))
    shuffled = rest.sample(frac=1, random_state=seed)[["target", "timestamp", "item_id"]]
    found = sorted_table(predict_df(shuffled, 4, model=MODEL, batch_size=size))
    pd.testing.assert_frame_equal(found, expected, rtol=1e-6)
    alone = [predict_df(rows, 4, model=MODEL) for _, rows in rest.groupby("item_id")]
    pd.testing.assert_frame_equal(sorted_table(pd.concat(alone)), expected, rtol=1e-6)


def test_wide_long_and_tables_of_other_libraries_have_the_same_forecasts() -> None:
    long = pd.concat([series("a", 60), series("b", 60, seed=1)], ignore_index=True)
    wide = long.pivot(index="timestamp", columns="item_id", values="target")
    expected = predict_df(long, 6, model=MODEL)
    found = predict_df(wide, 6, model=MODEL)
    np.testing.assert_allclose(found[NUMBERS], expected[NUMBERS], rtol=1e-6)
    assert list(found["target_name"]) == list(found["item_id"]) == list(expected["item_id"])
    for convert, kind in ((pl.from_pandas, pl.DataFrame), (pa.Table.from_pandas, pa.Table)):
        other = predict_df(convert(long), 6, model=MODEL)
        assert isinstance(other, kind)
        np.testing.assert_allclose(other.to_pandas()[NUMBERS], expected[NUMBERS], rtol=1e-12)
    targets = pd.DataFrame({"date": wide.index, "a": wide["a"].to_numpy(), "b": wide["b"].to_numpy()})
    found = predict_df(targets, 6, target=["a", "b"], model=MODEL)
    np.testing.assert_allclose(found[NUMBERS], expected[NUMBERS], rtol=1e-6)


def test_ids_without_a_value_are_left_out_and_a_single_value_has_a_wide_band(caplog: pytest.LogCaptureFixture) -> None:
    dead = series("dead", 30).assign(target=np.nan)
    table = pd.concat([series("a", 60), dead, series("one", 1).assign(target=7.0)])
    found = predict_df(table, 4, model=MODEL)
    assert list(found["item_id"].unique()) == ["a", "one"]
    assert "id 'dead' left out: without an observed value" in caplog.text
    one = found[found["item_id"] == "one"]
    assert one["predictions"].tolist() == [7.0] * 4
    assert ((one["0.9"] - one["0.1"]) > 3.5).all()
    pd.testing.assert_frame_equal(found[found["item_id"] == "a"], predict_df(table[:60], 4, model=MODEL), rtol=1e-6)
    with pytest.raises(ValueError, match="there is nothing to forecast from"):
        predict_df(dead, 4, model=MODEL)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prediction_length": 0}, "prediction_length is 0; give a whole number of at least 1"),
        ({"prediction_length": 2.5}, "prediction_length is 2.5; give a whole number"),
        ({"quantile_levels": [0.1, 1.0]}, "quantile level 1.0 is asked for; give numbers between 0 and 1"),
        ({"quantile_levels": None}, "quantile level None is asked for; give numbers between 0 and 1"),
        ({"quantile_levels": "0.1"}, "quantile level '0.1' is asked for; give numbers between 0 and 1"),
        ({"quantile_levels": [0.1, 0.1]}, "give each level once"),
        ({"batch_size": 1.5}, "batch_size is 1.5; give a whole number of at least 1"),
        ({"prediction_length": 10**12}, "prediction_length is 1000000000000; at most 1000000 steps are forecast"),
        ({"context": {"z": "rain"}}, "context has a text for 'z', which is not an id"),
        ({"context": 3}, "context is a int; give a text"),
        ({"model": (3, 4)}, "model is a tuple; give a folder or Hub name"),
        ({"model": 3}, "model is a int; give a folder or Hub name"),
        ({"model": patchtst()}, r"this model \(patchtst\) gives only a point forecast: leave the levels out"),
        ({"model": patchtst(), "quantile_levels": (), "prediction_length": 13}, "forecasts at most 12 steps"),
        ({"model": timesfm(), "quantile_levels": [0.05]}, r"this model \(timesfm2_5\) gives levels from 0.1 to 0.9"),
        ({"model": timesfm(), "prediction_length": 17}, "forecasts at most 16 steps"),
        ({"model": patchtst(num_input_channels=2, loss="nll")}, "reads 2 variables together, and the table gives 1"),
    ],
)
def test_what_cannot_be_forecast_is_one_line(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        predict_df(**{"df": TABLE, "prediction_length": 4, "model": MODEL} | options)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("column", "name"), [("item_id", "0.1"), ("item_id", "target_name"), ("timestamp", "predictions")]
)
def test_a_column_with_the_name_of_a_forecast_is_not_overwritten(column: str, name: str) -> None:
    options = {"id_column": "item_id", "timestamp_column": "timestamp"} | {
        f"{column.removeprefix('item_')}_column": name
    }
    with pytest.raises(ValueError, match=f"column '{name}' has the name of a column of the forecasts; rename it"):
        predict_df(TABLE.rename(columns={column: name}), 4, model=MODEL, **options)


@pytest.mark.parametrize(
    ("step", "horizon"), [("YE", 6), ("QS", 8), ("MS", 24), ("W", 52), ("D", 14), ("h", 48), ("15min", 64)]
)
def test_the_default_horizon_is_that_of_the_calendar(
    step: str, horizon: int, caplog: pytest.LogCaptureFixture
) -> None:
    panel = read_panel(pd.concat([series("a", 20, step), series("b", 20, step), series("c", 20, "s")]))
    with caplog.at_level("INFO"):
        assert default_horizon(MODEL[0].config, panel) == horizon
    assert f"{horizon} steps are forecast" in caplog.text
    assert default_horizon(timesfm().config, panel) == 16


def test_another_kind_of_model_is_named(tmp_path) -> None:
    config = BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8, vocab_size=9)
    BertModel(config).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="a model of type 'bert'; give a forecaster: tsfusion or llmps"):
        predict_df(TABLE, 4, model=tmp_path)


def test_texts_for_a_model_that_reads_none_are_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    silent = TSFusionForForecasting(TSFusionConfig(hidden_size=8))
    found = predict_df(TABLE, 3, context={"a": "rain"}, model=silent)
    assert "context is ignored: this model reads no text" in caplog.text
    pd.testing.assert_frame_equal(found, predict_df(TABLE, 3, model=silent))


def test_timesfm_forecasts_each_series_by_itself_in_its_units(tmp_path) -> None:
    model = timesfm()
    table = pd.concat([series("a", 100), series("b", 50, seed=1)], ignore_index=True)
    table.loc[[5, 6, 120], "target"] = np.nan
    found = predict_df(table, 6, model=model)
    past = table["target"][:100].interpolate().to_numpy()
    loc, scale = np.nanmean(table["target"][:100]), np.nanstd(table["target"][:100])
    with torch.no_grad():
        out = model(past_values=[torch.tensor((past - loc) / scale, dtype=torch.float32)], truncate_negative=False)
    expected = out.full_predictions[0, :6].numpy() * scale + loc
    np.testing.assert_allclose(found["predictions"][:6], expected[:, 5], rtol=1e-3)
    assert (found["0.1"] <= found["0.9"]).all()
    alone = predict_df(table[100:], 6, model=model)
    np.testing.assert_allclose(found[NUMBERS][6:], alone[NUMBERS], rtol=1e-4)
    moved = predict_df(table.assign(target=1e6 + 10 * table["target"]), 6, model=model)
    np.testing.assert_allclose(moved[NUMBERS], 1e6 + 10 * found[NUMBERS], rtol=1e-6)
    model.save_pretrained(tmp_path)
    pd.testing.assert_frame_equal(predict_df(table, 6, model=tmp_path), found)


def test_patchtst_forecasts_points_or_a_distribution(tmp_path) -> None:
    table = pd.concat([series("a", 100), series("b", 20, seed=1)], ignore_index=True)
    model = patchtst().eval()
    found = predict_df(table, 5, quantile_levels=(), model=model)
    past = torch.tensor(table["target"][52:100].to_numpy(), dtype=torch.float32)[None, :, None]
    with torch.no_grad():
        out = model(past, torch.ones_like(past, dtype=torch.bool)).prediction_outputs[0, :5, 0]
    np.testing.assert_allclose(found["predictions"][:5], out, rtol=1e-5)
    assert list(found.columns) == ["item_id", "timestamp", "target_name", "predictions"]
    spread = predict_df(table, 5, model=patchtst(loss="nll", distribution_output="normal"))
    assert (spread["0.1"] < spread["0.9"]).all()
    pd.testing.assert_series_equal(spread["predictions"], spread["0.5"], check_names=False)
    wide = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 2)), pd.date_range("2024", periods=60), ["x", "y"])
    assert len(predict_df(wide, 5, model=patchtst(num_input_channels=2, loss="nll"))) == 10
    model.save_pretrained(tmp_path)
    pd.testing.assert_frame_equal(predict_df(table, 5, quantile_levels=(), model=tmp_path), found)


def llmps(**options) -> LLMPSForForecasting:
    torch.manual_seed(0)
    sizes = {"context_length": 24, "prediction_length": 6, "mscnn_channels": 8, "text_config": dict(TINY_GPT2)}
    return LLMPSForForecasting(LLMPSConfig(**sizes | {"quantiles": [0.1, 0.5, 0.9]} | options)).eval()


def test_a_trained_model_gets_its_variables_together_from_wide_and_long_tables() -> None:
    wide = pd.concat([series("a", 60), series("b", 60, seed=1)]).pivot(
        index="timestamp", columns="item_id", values="target"
    )
    extractor = ForecastFeatureExtractor(24, scaler=ForecastFeatureExtractor.fit_scaler(wide), columns=["b", "a"])
    model = llmps()
    expected = forecast_frame(model, extractor, wide, 6)
    expected = expected.sort_values(["series", "timestamp"], kind="stable")
    long = wide.reset_index().melt("timestamp", var_name="item_id", value_name="target")
    two = wide.reset_index()
    for table, options in ((wide, {}), (long, {}), (two, {"target": ["a", "b"]})):
        found = predict_df(table, 6, model=(model, extractor), **options)
        np.testing.assert_allclose(found[["0.1", "0.5", "0.9"]], expected[["0.1", "0.5", "0.9"]], rtol=1e-6)
        np.testing.assert_allclose(found["predictions"], found["0.5"])
    alone = predict_df(long[long["item_id"] == "a"], 6, model=(model, extractor))
    assert np.abs(alone["0.5"] - expected["0.5"][:6].to_numpy()).max() > 1e-6


def test_a_checkpoint_brings_its_step_and_refuses_short_series(tmp_path, caplog: pytest.LogCaptureFixture) -> None:
    folder = save_forecaster(tmp_path)
    found = predict_df(pd.concat([series("a", 60), series("short", 1)]), 3, model=folder)
    assert list(found["item_id"].unique()) == ["a"]
    assert "id 'short' left out: without an observed value, or with fewer than 2 steps" in caplog.text
    with pytest.raises(ValueError, match=r"quantile 0.95 is asked for; this model \(llmps\) gives levels from 0.1 to"):
        predict_df(series("a", 60), 3, quantile_levels=[0.95], model=folder)


def with_covariates(ids: int = 3, rows: int = 120, horizon: int = 7) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Past, known future, and truth of series that a price, a promotion and the weather determine."""
    rng, parts = np.random.default_rng(0), []
    for number in range(ids):
        table = series(f"s{number}", rows + horizon, seed=number)
        price, promo = rng.normal(size=len(table)), rng.random(len(table)) < 0.2
        weather = rng.choice(["sun", "rain"], len(table))
        table["target"] += -8 * price + 12 * promo + 6 * (weather == "rain")
        parts.append(table.assign(price=price, promo=promo, weather=weather, region=f"r{number}", noise=rng.normal()))
    table = pd.concat(parts)
    is_future = table.groupby("item_id").cumcount() >= rows
    future = table[is_future].drop(columns=["target", "noise"])
    return table[~is_future], future, table["target"][is_future].to_numpy()


def test_known_covariates_sharpen_the_forecast_of_the_built_in_model(caplog: pytest.LogCaptureFixture) -> None:
    past, future, truth = with_covariates()
    plain = predict_df(past[["item_id", "timestamp", "target"]], 7, model=MODEL)
    found = predict_df(past, 7, future_df=future, model=MODEL)
    errors = [np.abs(table["predictions"] - truth).mean() for table in (plain, found)]
    assert errors[1] < 0.3 * errors[0]
    assert "columns 'region', 'noise' are constant in each id and have no influence" in caplog.text
    shuffled = predict_df(
        past.sample(frac=1, random_state=0)[past.columns[::-1]], 7, future.sample(frac=1, random_state=1), model=MODEL
    )
    pd.testing.assert_frame_equal(sorted_table(shuffled), sorted_table(found), rtol=1e-6)
    alone = predict_df(past[past["item_id"] == "s1"], 7, future[future["item_id"] == "s1"], model=MODEL)
    np.testing.assert_allclose(alone[NUMBERS], found[NUMBERS][7:14], rtol=1e-4)
    with pytest.raises(ValueError, match="column 'weather' is empty for id 's0' at 2024-05-02"):
        predict_df(
            past, 7, future.assign(weather=future["weather"].mask(future["timestamp"] == "2024-05-02")), model=MODEL
        )


def test_columns_of_other_content_do_not_stop_a_forecast(caplog: pytest.LogCaptureFixture) -> None:
    past, future, _ = with_covariates()
    found = predict_df(past, 7, future, model=MODEL)
    mixed = {"notes": [[1]] * len(past), "code": ["A1", 2, None] * (len(past) // 3), "empty": None}
    others = predict_df(past.assign(**mixed), 7, future.assign(code=1, empty="x"), model=MODEL)
    pd.testing.assert_frame_equal(others, found)
    assert "column 'notes' is left out: it holds lists, not a covariate" in caplog.text
    # Digits of a category are no number to a model that learned text.
    digits = {"sun": "1", "rain": "A2"}
    named = past.assign(weather=past["weather"].map(digits))
    numbers = future.assign(weather=1)
    np.testing.assert_allclose(
        predict_df(named, 7, numbers, model=MODEL)[NUMBERS],
        predict_df(past, 7, future.assign(weather="sun"), model=MODEL)[NUMBERS],
        rtol=1e-4,
    )
    with pytest.raises(ValueError, match="column 'price' holds 'low' in row 1, of id 's0' at 2024-04-30"):
        predict_df(past, 7, future.assign(price="low"), model=MODEL)
    infinite = future.assign(price=future["price"].mask(future["timestamp"] == "2024-05-02", np.inf))
    with pytest.raises(ValueError, match="covariate 'price' is infinite in id 's0' at 2024-05-02 00:00:00; correct"):
        predict_df(past, 7, infinite, model=MODEL)


def test_a_model_trained_with_covariates_gets_those_of_its_training(caplog: pytest.LogCaptureFixture) -> None:
    past, future, _ = with_covariates()
    inputs = CovariateInputs.fit(past, known=["price", "weather"], past=["promo"], time_features=["day_of_week"])
    sizes = {"num_known_covariates": inputs.num_known, "num_past_covariates": inputs.num_past}
    model = llmps(**sizes)
    # Zero before training.
    for parameter in model.covariate_head.parameters():
        torch.nn.init.normal_(parameter)
    pair = model, ForecastFeatureExtractor(24, covariates=inputs)
    found = predict_df(past, 6, future, model=pair)
    changed = predict_df(past, 6, future.assign(price=9.0), model=pair)
    assert len(found) == 18
    assert np.abs(found["predictions"] - changed["predictions"]).max() > 1e-4
    # Ids that are the columns of the training are one sample, if they share their covariates.
    joint = model, ForecastFeatureExtractor(24, covariates=inputs, columns=["s0", "s1"])
    first, ahead = (table[table["item_id"] == "s0"] for table in (past, future))
    twins, both = (pd.concat([table, table.assign(item_id="s1")]) for table in (first, ahead))
    shared = predict_df(twins, 6, both, model=joint)["predictions"].to_numpy()
    columns = first.drop(columns="item_id").assign(s0=first["target"], s1=first["target"])
    by_column = predict_df(columns, 6, ahead.drop(columns="item_id"), target=["s0", "s1"], model=joint)
    np.testing.assert_array_equal(shared, by_column["predictions"])
    assert "each is forecast by itself" not in caplog.text
    with pytest.raises(ValueError, match="the future of covariate 'price' is not given, which this model needs"):
        predict_df(past, 6, model=pair)
    with pytest.raises(ValueError, match="no column 'promo', which is a covariate of this model"):
        predict_df(past.drop(columns="promo"), 6, future.drop(columns="promo"), model=pair)


def test_ids_that_a_model_reads_together_share_their_covariates() -> None:
    past, future, _ = with_covariates(ids=2)
    price = past["price"][past["item_id"] == "s0"].to_numpy()
    past = past[["item_id", "timestamp", "target"]].assign(price=np.tile(price, 2))
    future = future[["item_id", "timestamp"]].assign(price=np.tile(np.arange(7.0), 2))
    inputs = CovariateInputs.fit(past, known=["price"], past=[])
    pair = llmps(num_known_covariates=inputs.num_known), ForecastFeatureExtractor(24, covariates=inputs)
    pair[1].columns = ["s0", "s1"]
    wide = past.pivot(index="timestamp", columns="item_id", values="target").assign(price=price)
    expected = predict_df(wide, 6, future[:7].drop(columns="item_id"), target=["s0", "s1"], model=pair)
    found = predict_df(past, 6, future, model=pair)
    np.testing.assert_allclose(found[NUMBERS], expected[NUMBERS], rtol=1e-6)
    with pytest.raises(ValueError, match="covariates of id 's1' differ from those of id 's0'"):
        predict_df(past, 6, future.assign(price=np.arange(14.0)), model=pair)


def test_covariates_that_a_model_does_not_read_are_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    past, future, _ = with_covariates(ids=1)
    with caplog.at_level(logging.WARNING):
        predict_df(past, 7, future, model=timesfm())
    assert "columns 'price', 'promo', 'weather', 'region', 'noise' are not used by this model" in caplog.text


def test_a_future_that_lacks_covariates_or_is_far_from_their_past_is_one_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    past, future, _ = with_covariates(ids=2)
    past, future = past.drop(columns=["region", "noise"]), future.drop(columns="region")
    predict_df(past, 7, future, model=MODEL)
    assert not caplog.records
    predict_df(past, 7, future.drop(columns=["promo", "weather"]), model=MODEL)
    (absent,) = [record.getMessage() for record in caplog.records]
    assert "the future of columns 'promo', 'weather' is not given; they are read in the past alone" in absent
    caplog.clear()
    price = np.where(future["item_id"] == "s1", 1000.0, 0.0)
    predict_df(past, 7, future.assign(price=price), model=MODEL)
    (far,) = [record.getMessage() for record in caplog.records]
    low, high = past["price"][past["item_id"] == "s1"].agg(["min", "max"])
    assert f"column 'price' is far outside of its past: 1000 to 1000 after {low:.6g} to {high:.6g} in id 's1'; " in far


def test_the_built_in_model_is_loaded_once_without_a_bar(capsys: pytest.CaptureFixture) -> None:
    prediction._loaded.cache_clear()
    has_bars = is_progress_bar_enabled()
    model, _ = load(None)
    assert capsys.readouterr().err == ""
    assert is_progress_bar_enabled() == has_bars
    assert load("built-in")[0] is load(BUILT_IN)[0] is model
    predict_df(TABLE, 3)
    assert not model.training


def test_the_pipeline_of_transformers_returns_the_same_table() -> None:
    forecaster = pipeline("time-series-forecasting", model=BUILT_IN, device="cpu")
    table = TABLE.rename(columns={"item_id": "shop"})
    options = {"id_column": "shop", "quantile_levels": [0.2]}
    expected = predict_df(table, 4, model=MODEL, **options)
    pd.testing.assert_frame_equal(forecaster(table, prediction_length=4, **options), expected)
    both = forecaster([TABLE, TABLE[:90]], prediction_length=4)
    assert [len(found) for found in both] == [16, 4]
    assert len(pipeline("time-series-forecasting", device="cpu")(TABLE[:90])) == 14
    with pytest.raises(ValueError, match="'horizon' is none of the options of time-series-forecasting"):
        forecaster(TABLE, horizon=3)


def test_values_whose_forecast_is_beyond_float64_are_refused() -> None:
    table = pd.concat([series("a", 20), series("z", 1).assign(target=2.85e307)], ignore_index=True)
    with pytest.raises(ValueError, match="is not finite; its values are too large"):
        predict_df(table, 3, model=MODEL)
