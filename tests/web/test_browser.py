"""The page in a real browser: headless Chromium, driven by Playwright."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("gradio", reason="gradio is not installed: pip install 'ts-llm-fusion[web]'")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Browser, Page, expect  # noqa: E402

from ts_llm_fusion.web.forecasts import load_offer  # noqa: E402
from ts_llm_fusion.web.page import make_page  # noqa: E402
from ts_llm_fusion.web.server import serve  # noqa: E402

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium; install it (apt-get install chromium)")
# Folder of screenshots; none are kept by default.
SCREENSHOTS = os.environ.get("TS_LLM_FUSION_SCREENSHOTS")
_PATIENCE = 60_000


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    page = make_page(load_offer({"built-in": "built-in"}))
    yield serve(page, wait=False)
    page.close(verbose=False)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with playwright.sync_playwright() as driver:
        # Root, as in most containers, has no sandbox.
        found = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    """Opens the page as a visitor of its own, and checks in the end that nothing was loaded from elsewhere."""
    contexts, requests, faults = [], [], []

    def opened(width: int = 1280, height: int = 900) -> Page:
        contexts.append(browser.new_context(viewport={"width": width, "height": height}))
        page = contexts[-1].new_page()
        page.set_default_timeout(_PATIENCE)
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(address)
        page.wait_for_selector(".chart svg")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert requests and [url for url in requests if not url.startswith((address, "data:", "blob:"))] == []
    assert faults == []


def kept(page: Page, name: str) -> None:
    if SCREENSHOTS:
        page.screenshot(path=Path(SCREENSHOTS, f"{name}.png"), full_page=True)


def sales(path: Path, name: str = "kiosk", rows: int = 60) -> str:
    """Daily table with semicolons and decimal commas."""
    days = pd.date_range("2024-01-01", periods=rows)
    table = pd.DataFrame({"date": days, name: 100.5 + 10 * (np.arange(rows) % 7)})
    table.to_csv(path, index=False, sep=";", decimal=",")
    return str(path)


def upload(page: Page, path: str) -> None:
    page.set_input_files("input[type=file]", path)


def heading(page: Page, text: str) -> None:
    expect(page.locator(".head h2")).to_have_text(text, timeout=_PATIENCE)


def test_a_visitor_goes_from_the_example_to_answers_about_an_upload(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    heading(page, "visitors next 28 days")
    assert page.locator(".legend span").all_inner_texts()[:5] == [
        *("forecast", "without the text", "history", "50 % band", "80 % band"),
    ]
    assert "Closed 3 to 9 March" in page.locator(".why").inner_text()
    kept(page, "example")

    upload(page, sales(tmp_path / "sales.csv"))
    heading(page, "kiosk next 14 days")
    expect(page.locator(".note").first).to_have_text("sales.csv: read with semicolons; decimal commas")

    page.get_by_label("What is known of the future").fill("Closed on 5 March.")
    page.get_by_label("Steps to forecast").fill("10")
    page.get_by_role("button", name="Forecast").click()
    heading(page, "kiosk next 10 days")
    expect(page.locator(".legend")).to_contain_text("without the text")
    assert "The text says “Closed on 5 March”" in page.locator(".why").inner_text()

    page.get_by_label("Compare with").click()
    page.get_by_role("option", name="seasonal_naive").click()
    expect(page.locator(".scores")).to_contain_text("Tested on the last 10 known steps")

    page.get_by_placeholder("When was the highest").fill("What was the mean in January 2024?")
    page.get_by_role("button", name="Ask").click()
    expect(page.locator(".answer")).to_have_text(
        re.compile(r"^The mean in January 2024 is 128.6\.$"), timeout=_PATIENCE
    )
    kept(page, "answer")

    with page.expect_download() as download:
        page.get_by_role("button", name="Download table").click()
    assert download.value.suggested_filename == "sales_forecast.csv"
    assert len(pd.read_csv(download.value.path())) == 10
    with page.expect_download() as download:
        page.get_by_role("button", name="Download report").click()
    assert "kiosk: the forecast and its reasons" in Path(download.value.path()).read_text()


def test_the_picture_shows_values_and_zooms(visit: Visit) -> None:
    page = visit()
    box = page.locator(".chart svg").bounding_box()
    assert box is not None
    tip = page.locator(".chart .tip")
    # A busy page may not listen yet when the pointer comes first.
    for shift in range(40):
        page.mouse.move(box["x"] + box["width"] - 12 - shift % 2, box["y"] + 100)
        if tip.inner_text():
            break
        page.wait_for_timeout(250)
    shown = re.sub(r"\d+\.\d+", "#", tip.inner_text()).splitlines()
    assert shown[:4] == ["Sun 22 Mar 2026", "without the text: #", "forecast: #", "80 % band: # to #"]
    before = page.locator(".chart text").all_text_contents()
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 120)
    page.mouse.up()
    zoomed = page.locator(".chart text").all_text_contents()
    assert zoomed != before and any("Mar" in label for label in zoomed)
    page.locator(".chart svg").dblclick(position={"x": 200, "y": 100})
    assert page.locator(".chart text").all_text_contents() == before


def test_errors_are_one_line_on_the_page(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    fault = page.locator(".fault:visible")
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04 nonsense")
    upload(page, str(broken))
    expect(fault).to_have_text(re.compile(r"^broken\.xlsx: not a readable xlsx file \([^\n]*$"), timeout=_PATIENCE)
    heading(page, "visitors next 28 days")
    page.get_by_label("Steps to forecast").fill("0")
    page.get_by_role("button", name="Forecast").click()
    expect(fault).to_have_text("prediction_length is 0; give a whole number of at least 1.")
    large = tmp_path / "large.csv"
    large.write_bytes(b"date,a\n" + b"2024-01-01,1\n" * 1_700_000)
    upload(page, str(large))
    expect(fault.first).to_contain_text("exceed the maximum allowed size")
    assert page.locator(".toast-wrap:visible").count() == 0
    kept(page, "error")


def test_two_visitors_see_their_own_tables_alone(visit: Visit, address: str, tmp_path: Path) -> None:
    first, second = visit(), visit()
    upload(first, sales(tmp_path / "one.csv", "apples"))
    upload(second, sales(tmp_path / "two.csv", "plums"))
    heading(first, "apples next 14 days")
    heading(second, "plums next 14 days")
    for page, own, other in ((first, "apples", "plums"), (second, "plums", "apples")):
        page.get_by_placeholder("When was the highest").fill("What is the maximum?")
        page.get_by_role("button", name="Ask").click()
        expect(page.locator(".answer")).to_contain_text("160.5", timeout=_PATIENCE)
        page.get_by_role("button", name="Forecast").click()
        heading(page, f"{own} next 14 days")
        assert other not in page.content()
    assert [*Path(os.environ["GRADIO_TEMP_DIR"]).rglob("*.csv")] == []
    for path in (tmp_path / "one.csv", Path("pyproject.toml").absolute()):
        assert first.request.get(f"{address}gradio_api/file={path}").status == 403


def test_a_phone_shows_the_page_without_sideways_scrolling(visit: Visit) -> None:
    page = visit(390, 844)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    picture, settings, words = (page.locator(place).bounding_box()["y"] for place in (".chart", ".controls", ".why"))
    assert picture < settings < words and picture < 500
    kept(page, "phone")
