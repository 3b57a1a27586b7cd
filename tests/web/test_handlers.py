"""The page without a browser: tables in, forecasts, words and one-line errors out."""

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ts_llm_fusion.web.forecasts import load_offer
from ts_llm_fusion.web.handlers import NO_OTHER, Changes, Handlers
from ts_llm_fusion.web.requests import guarded, guarded_stream


@pytest.fixture(scope="module")
def handlers() -> Handlers:
    return Handlers(load_offer({"built-in": "built-in"}))


def traces(changes: Changes) -> dict[str, dict]:
    figure = json.loads(
        html.unescape(re.fullmatch(r'<div class="chart" data-chart="(.*)"></div>', changes["plot"])[1])
    )
    for line in figure["lines"] if figure["dated"] else ():
        line["x"] = [str(day) for day in pd.to_datetime(line["x"], unit="ms").date]
    return {part["name"]: part for part in (*figure["bands"], *figure["lines"])}


def days(count: int = 60) -> pd.DataFrame:
    dates = pd.date_range("2024-01-01", periods=count)
    return pd.DataFrame({"date": dates, "sales": 100.0 + 10 * (np.arange(count) % 7)})


def written(path: Path, text: str | bytes) -> str:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


def test_the_page_opens_with_a_finished_example(handlers: Handlers) -> None:
    changes = handlers.open_example("both")
    lines = traces(changes)
    assert list(lines) == ["80 % band", "50 % band", "history", "without the text", "forecast"]
    closed = dict(zip(lines["forecast"]["x"], lines["forecast"]["y"], strict=True))
    open_days = dict(zip(lines["without the text"]["x"], lines["without the text"]["y"], strict=True))
    assert [closed[f"2026-03-0{day}"] for day in range(3, 10)] == [0] * 7
    assert min(open_days.values()) > 200
    assert closed["2026-03-15"] == pytest.approx(1.4 * open_days["2026-03-15"], rel=1e-3)
    assert "The text says “Closed 3 to 9 March”" in changes["reasons"]
    assert changes["series"].offered == ["visitors", "shop sales"] and changes["steps"] == 28


def test_an_uploaded_table_is_forecast_as_the_command_does_and_removed(handlers: Handlers, tmp_path: Path) -> None:
    from ts_llm_fusion.cli import main

    # Semicolons and decimal commas.
    path = tmp_path / "sales.csv"
    days().to_csv(path, index=False, sep=";", decimal=",")
    assert main(["forecast", str(path), "--horizon", "10", "--output", str(tmp_path / "f.csv")]) == 0
    opened = guarded(handlers.open_file, str(path), "80 %")
    assert not path.exists()
    assert (
        "sales.csv: read with semicolons; decimal commas" in opened["status"] and str(tmp_path) not in opened["status"]
    )
    assert opened["steps"] == 14 and list(traces(opened)) == ["80 % band", "history", "forecast"]
    forecast = handlers.forecast(opened["visit"], "sales", 10, "", NO_OTHER, "50 %")
    assert list(traces(forecast)) == ["50 % band", "history", "forecast"]
    saved = handlers.table(forecast["visit"])["download"]
    assert saved.name == "sales_forecast.csv" and saved.text == (tmp_path / "f.csv").read_text()
    report = handlers.report(forecast["visit"])["download"]
    assert report.name == "sales_report.html" and "sales: the forecast and its reasons" in report.text
    assert [*handlers.ask(forecast["visit"], "What is the mean?")][-1]["visit"].turns[0][1].startswith("The mean")


@pytest.mark.parametrize("suffix", [".parquet", ".xlsx", ".tsv"])
def test_other_kinds_of_files(handlers: Handlers, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"sales{suffix}"
    if suffix == ".tsv":
        days().to_csv(path, index=False, sep="\t")
    else:
        getattr(days(), "to_parquet" if suffix == ".parquet" else "to_excel")(path, index=False)
    assert handlers.open_file(str(path), "both")["visit"].upload.series == ["sales"]


def test_a_text_moves_the_forecast_and_is_told(handlers: Handlers) -> None:
    visit = handlers.open_pasted(days().to_csv(index=False), "both")["visit"]
    changes = guarded(handlers.forecast, visit, "sales", 14, "Closed on 5 March.", NO_OTHER, "both")
    lines = traces(changes)
    with_text, without = (
        dict(zip(lines[name]["x"], lines[name]["y"], strict=True)) for name in ("forecast", "without the text")
    )
    assert with_text.pop("2024-03-05") == 0 and without.pop("2024-03-05") > 90
    assert with_text == without
    nothing = guarded(handlers.forecast, visit, "sales", 14, "The sky is blue.", NO_OTHER, "both")
    assert "nothing in the text changes the forecast" in nothing["status"]


def test_two_forecasters_are_tested_on_the_same_held_out_end(handlers: Handlers) -> None:
    table = days(70)
    table.loc[63:, "sales"] += 50  # the last week differs from all before
    visit = handlers.open_pasted(table.to_csv(index=False), "both")["visit"]
    changes = handlers.forecast(visit, "sales", 7, "", "seasonal_naive", "both")
    assert traces(changes)["seasonal_naive"]["y"] == table["sales"].to_list()[-7:]
    assert changes["visit"].result.scores["seasonal_naive"] == 50
    assert "last 7 known steps" in changes["comparison"] and "<td>50</td>" in changes["comparison"]


def test_questions_follow_up_on_each_other(handlers: Handlers) -> None:
    visit = handlers.open_pasted(days().to_csv(index=False), "both")["visit"]
    pieces = [*guarded_stream(handlers.ask, visit, "What was the mean in January 2024?")]
    assert len(pieces) > 5 and "January 2024" in pieces[-1]["dialog"]
    *_, last = handlers.ask(pieces[-1]["visit"], "And in February?")
    assert re.search(r"mean .*February 2024", last["visit"].turns[1][1])
    assert last["dialog"].index("And in February?") < last["dialog"].index("January 2024?")


def test_numbers_alone_are_steps(handlers: Handlers) -> None:
    changes = handlers.open_pasted("1 2 3 4\n" * 12, "both")
    line = traces(changes)["forecast"]
    assert line["x"][0] == 49 and "steps" in changes["heading"]
    assert handlers.table(changes["visit"])["download"].text.splitlines()[1].split(",")[1] == "49"


def test_series_below_each_other_are_told_apart_or_asked_for(handlers: Handlers) -> None:
    table = pd.concat([days().assign(shop=name, price=2.0) for name in ("north", "south")])
    changes = guarded(handlers.open_pasted, table.to_csv(index=False), "both")
    assert 'class="fault"' in changes["status"] and "--target" in changes["status"] and changes["columns"] is True
    assert changes["plot"] == "" and changes["ids"].offered == ["date", "sales", "shop", "price"]
    refused = guarded(handlers.forecast, changes["visit"], None, 7, "", NO_OTHER, "both")
    assert "choose its columns first" in refused["status"]
    chosen = handlers.choose_columns(changes["visit"], ["shop"], None, ["sales"], "both")
    assert chosen["series"].offered == ["north", "south"] and "120 rows, 2 series" in chosen["about"]
    guessed = guarded(handlers.open_pasted, table.drop(columns="price").to_csv(index=False), "both")
    assert guessed["series"].offered == ["north", "south"] and "shop" in guessed["status"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.csv", "", "empty.csv: the file is empty; give a header and at least one row."),
        ("broken.xlsx", "PK\x03\x04 nonsense", "broken.xlsx: not a readable xlsx file"),
        ("broken.parquet", "nonsense", "broken.parquet: not a readable parquet file"),
        ("notes.txt", "hello", "notes.txt: unknown kind of file; give .csv, .tsv, .parquet or .xlsx."),
        ("bomb.csv.gz", "x", "bomb.csv.gz: unknown kind of file"),
        ("twice.csv", "date,a\n2024-01-01,1\n2024-01-01,2\n", "appears more than once"),
        ("<b>.csv", "date,a\n2024-01-01,1\n2024-01-01,2\n", "&lt;b&gt;.csv: "),
    ],
)
def test_an_error_is_one_line_without_a_path(
    handlers: Handlers, tmp_path: Path, name: str, content: str, message: str
) -> None:
    path = written(tmp_path / name, content)
    status = guarded(handlers.open_file, path, "both")["status"]
    assert re.fullmatch(r'<p class="fault" role="alert">[^\n]*</p>', status)
    assert message in status and str(tmp_path) not in status and "<b>" not in status
    assert not Path(path).exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, "give a whole number of at least 1"),
        ({"steps": 5000}, "at most 1,000 steps"),
        ({"series": "other"}, "no series &#39;other&#39;"),
        ({"other": "chronos"}, "compare with one of"),
        ({"text": "x" * 3000}, "at most 2,000"),
    ],
)
def test_settings_are_checked(handlers: Handlers, change: dict, message: str) -> None:
    settings = {"series": "visitors", "steps": 7, "text": "", "other": NO_OTHER, **change}
    assert message in guarded(handlers.forecast, None, *settings.values(), "both")["status"]


def test_a_fault_of_the_page_is_told_without_details(caplog: pytest.LogCaptureFixture) -> None:
    def fails() -> Changes:
        raise KeyError("secret")

    def stream() -> Iterator[Changes]:
        yield {"dialog": "begun"}
        raise KeyError("secret")

    assert "secret" not in guarded(fails)["status"] and "secret" in caplog.text
    *_, last = guarded_stream(stream)
    assert "The page failed" in last["status"] and "secret" not in last["status"]


def test_a_request_ends_at_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    monkeypatch.setattr("ts_llm_fusion.web.requests._SECONDS", 0.05)
    waiting = threading.Event()
    assert "this took more than 0 s" in guarded(lambda: waiting.wait(5))["status"]
    waiting.set()


def test_a_bomb_is_not_unpacked(handlers: Handlers, tmp_path: Path) -> None:
    import zipfile

    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 70_000_000)
    assert "too many cells" in guarded(handlers.open_file, str(path), "both")["status"]
    pd.DataFrame({"date": pd.Timestamp("2024"), "a": np.zeros(3_000_000)}).to_parquet(tmp_path / "long.parquet")
    assert "too many cells" in guarded(handlers.open_file, str(tmp_path / "long.parquet"), "both")["status"]
