"""The M4 competition: the published files, and what is known of the groups."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from ts_llm_fusion.data.registry import load_dataset
from ts_llm_fusion.data.series.m4 import ENTRIES, M4_GROUPS, load_m4
from ts_llm_fusion.data.series.panel_sources import load_source


def write(
    folder: Path, group: str, part: str, series: dict[str, list[float]], header: list[str] | None = None
) -> Path:
    """A file as the organizers wrote theirs: every cell quoted, nothing after the end of a series."""
    width = max(map(len, series.values()))
    lines = [",".join(f'"{name}"' for name in header or [f"V{k + 1}" for k in range(width + 1)])]
    for name, values in series.items():
        cells = [f'"{value:.15g}"' if isinstance(value, float) else f'"{value}"' for value in values]
        lines.append(",".join([f'"{name}"', *cells, *[""] * (width - len(values))]))
    path = folder / "m4" / f"{group}-{part}.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory with two weekly series in the organizers' files."""
    monkeypatch.setenv("TS_LLM_FUSION_DATA_DIR", str(tmp_path))
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    write(tmp_path, "Weekly", "train", {"W1": [1.5, 2.0, 3.0], "W2": [4.0]})
    write(tmp_path, "Weekly", "test", {"W1": [float(k) for k in range(13)], "W2": [0.5] * 13})
    return tmp_path


def test_the_groups_are_those_of_the_competition() -> None:
    assert sum(facts.num_series for facts in M4_GROUPS.values()) == 100_000
    assert {name: (facts.horizon, facts.seasonality) for name, facts in M4_GROUPS.items()} == {
        "Yearly": (6, 1),
        "Quarterly": (8, 4),
        "Monthly": (18, 12),
        "Weekly": (13, 1),
        "Daily": (14, 1),
        "Hourly": (48, 24),
    }


def test_the_files_of_the_organizers(folder: Path) -> None:
    group = load_m4("Weekly")
    assert group.names == ["W1", "W2"]
    assert [series.tolist() for series in group.train] == [[1.5, 2.0, 3.0], [4.0]]
    assert group.test.shape == (2, 13)
    assert (group.horizon, group.seasonality) == (13, 1)
    rows = load_dataset("M4-Weekly")
    assert rows["train"][1] == {"item_id": "W2", "start": None, "freq": "W", "target": [4.0]}
    assert rows["test"][0]["target"] == list(map(float, range(13)))


@pytest.mark.parametrize("name", ("Yearly", "Weekly", "Hourly"))
def test_the_real_series_written_as_the_organizers_did_have_the_checksums_of_the_registry(
    name: str, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = load_m4(name)
    assert len(group.names) == M4_GROUPS[name].num_series
    assert group.test.shape == (M4_GROUPS[name].num_series, M4_GROUPS[name].horizon)
    entry = next(entry for entry in ENTRIES if entry.name == f"M4-{name}")
    for file, part in zip(entry.files, ("train", "test"), strict=True):
        values = dict(zip(group.names, map(np.ndarray.tolist, getattr(group, part)), strict=True))
        path = write(tmp_path, name, part, values)
        assert hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256
        assert path.stat().st_size == file.size
    monkeypatch.setenv("TS_LLM_FUSION_DATA_DIR", str(tmp_path))
    again = load_m4(name)
    assert again.names == group.names
    assert list(map(len, again.train)) == list(map(len, group.train))
    np.testing.assert_allclose(np.concatenate(again.train), np.concatenate(group.train), rtol=1e-14)
    np.testing.assert_allclose(again.test, group.test, rtol=1e-14)


@pytest.mark.parametrize(
    ("part", "series", "header", "message"),
    [
        ("train", {"W1": [1.0], "W2": ["many"]}, None, "line 3: .*'many'; the values of series 'W2' are numbers"),
        ("train", {"W1": [1.0, "", 2.0], "W2": [1.0]}, None, "line 2: .*the values of series 'W1' are numbers"),
        ("train", {"W1": [], "W2": [1.0]}, None, "line 2: series 'W1' is empty or not finite"),
        (
            "train",
            {"W1": [1.0], "W2": [1.0]},
            ["id", "value"],
            "the columns are id, value, ...; those of M4 are V1, V2",
        ),
        ("train", {"W1": [1.0], "W3": [1.0]}, None, "M4-Weekly: the series of the two files differ"),
        ("test", {"W1": [1.0] * 13, "W2": [1.0] * 12}, None, "not every series has 13 values to forecast"),
    ],
)
def test_files_that_are_not_what_was_published(
    part: str, series: dict[str, list[float]], header: list[str] | None, message: str, folder: Path
) -> None:
    write(folder, "Weekly", part, series, header)
    with pytest.raises(ValueError, match=message):
        load_m4("Weekly")


def test_a_table_without_its_columns(folder: Path) -> None:
    import pandas as pd

    pd.DataFrame({"id": ["W1"], "train": [[1.0]]}).to_parquet(folder / "m4" / "m4_weekly.parquet")
    with pytest.raises(ValueError, match=r"no column 'test'; the columns are \['id', 'train'\]"):
        load_m4("Weekly")


def test_an_unknown_group() -> None:
    with pytest.raises(ValueError, match="M4 has no group 'weekly'; the groups are Yearly, Quarterly"):
        load_m4("weekly")


def test_a_misspelled_group_is_told_its_name() -> None:
    with pytest.raises(ValueError, match="m4_weekly: neither a file nor a known set; did you mean 'M4-Weekly'"):
        load_source("m4_weekly")
