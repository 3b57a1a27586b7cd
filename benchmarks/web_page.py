"""Seconds of the web page in headless Chromium: python -m benchmarks.web_page

Opening, until the example is drawn, and the forecast of an uploaded table of 5,000 rows, from the choice of the file
until its picture is there: the median of several visitors, each of a browser profile of its own, with the processor
time of the server beside it. The server is `ts-llm-fusion demo` in a process of its own. Chromium has to be installed.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pandas as pd
import psutil
from playwright.sync_api import Browser, Page, expect, sync_playwright

_PORT, _PATIENCE = 7871, 60_000


def write_table(path: Path, rows: int, ids: int) -> None:
    """Write daily series of so many rows in all, one below the other."""
    rng = np.random.default_rng(0)
    steps = rows // ids
    season = 10 * np.sin(2 * np.pi * np.arange(steps) / 7)
    table = pd.DataFrame(
        {
            "store": np.repeat([f"store {number}" for number in range(ids)], steps),
            "date": np.tile(pd.date_range("2010-01-01", periods=steps).to_numpy(), ids),
            "sales": (100 + season + rng.normal(size=(ids, steps))).ravel().round(2),
        }
    )
    (table if ids > 1 else table.drop(columns="store")).to_csv(path, index=False)


@contextmanager
def server() -> Iterator[psutil.Process]:
    """Process of the page, ready for visitors."""
    command = [sys.executable, "-m", "ts_llm_fusion.cli", "demo", "--port", str(_PORT)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            while process.poll() is None:
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{_PORT}", timeout=1).close()
                    break
                except (URLError, TimeoutError):
                    time.sleep(0.1)
            yield psutil.Process(process.pid)
        finally:
            process.terminate()


def timed(work: Callable[[], object], process: psutil.Process) -> tuple[float, float]:
    """Seconds of a piece of work, and of processor time that a process spends meanwhile."""

    def spent() -> float:
        times = process.cpu_times()
        return times.user + times.system

    start, before = time.perf_counter(), spent()
    work()
    return time.perf_counter() - start, spent() - before


def visit(browser: Browser, process: psutil.Process, table: Path, heading: str) -> list[tuple[float, float]]:
    """Times of opening the page, and of the forecast of an uploaded table."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page: Page = context.new_page()
    page.set_default_timeout(_PATIENCE)

    def opened() -> None:
        page.goto(f"http://127.0.0.1:{_PORT}")
        page.wait_for_selector(".chart svg")

    def forecast() -> None:
        page.set_input_files("input[type=file]", table)
        expect(page.locator(".head h2")).to_contain_text(heading, timeout=_PATIENCE)
        page.wait_for_selector(".chart svg")

    found = [timed(opened, process), timed(forecast, process)]
    context.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000, help="rows of the table (default: 5000)")
    parser.add_argument("--visitors", type=int, default=5, help="visitors, one after another (default: 5)")
    args = parser.parse_args()
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        raise SystemExit("there is no chromium; install it (apt-get install chromium).")
    with tempfile.TemporaryDirectory() as folder, server() as process, sync_playwright() as driver:
        # Root, as in most containers, has no sandbox.
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for ids, heading in ((1, "sales next"), (10, "store 0 next")):
            table = Path(folder, f"{ids}.csv")
            write_table(table, args.rows, ids)
            visits = [visit(browser, process, table, heading) for _ in range(args.visitors)]
            what = f"forecast of {args.rows:,} uploaded rows, {ids} series"
            for name, times in zip(("opening", what), zip(*visits, strict=True), strict=True):
                wall, spent = (statistics.median(part) for part in zip(*times, strict=True))
                first = times[0][0]
                print(f"{name}: {wall:.2f} s ({first:.2f} s for the first visitor), {spent:.2f} s of processor time")
        browser.close()


if __name__ == "__main__":
    main()
