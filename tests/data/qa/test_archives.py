"""Classification archives as questions: readers, official splits, and a validation part cut from training."""

import gzip
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from ts_llm_fusion.data.qa.archives import ArchiveSource, archive_files, archive_samples, read_archive
from ts_llm_fusion.data.qa.splits import hold_out
from ts_llm_fusion.data.qa.ts_files import read_ts, read_tsv

TS_FILE = """\
# a comment
@problemName Toy
@timeStamps false
@dimensions 2
@equalLength false
@classLabel true Walk Run
@data
1,2,3:0.5,?,-1e2:Walk

4,5:6,7:Run
"""


def test_a_ts_file_gives_channels_of_any_length_and_missing_values(tmp_path: Path) -> None:
    (tmp_path / "toy.ts").write_text(TS_FILE)
    with gzip.open(tmp_path / "toy.ts.gz", "wt") as file:
        file.write(TS_FILE)
    for name in ("toy.ts", "toy.ts.gz"):
        first, second = read_ts(tmp_path / name)
        assert (first.label, second.label) == ("walk", "run")
        assert np.array_equal(first.channels[0], [1, 2, 3])
        assert np.array_equal(first.channels[1], [0.5, np.nan, -100], equal_nan=True)
        assert [channel.tolist() for channel in second.channels] == [[4, 5], [6, 7]]


def test_a_tsv_file_gives_one_channel_without_its_padding(tmp_path: Path) -> None:
    (tmp_path / "toy.tsv").write_text("1\t0.5\t1.5\tNaN\tNaN\n-1\t2\tNaN\t3\t4\n")
    first, second = read_tsv(tmp_path / "toy.tsv")
    assert (first.label, first.channels[0].tolist()) == ("1", [0.5, 1.5])
    assert second.label == "-1"
    assert np.array_equal(second.channels[0], [2, np.nan, 3, 4], equal_nan=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("@timeStamps false", "@timeStamps true"), "has time stamps"),
        (("@classLabel true Walk Run", "@classLabel false"), "has no @classLabel"),
        (("@dimensions 2", "@dimensions 3"), "line 8: 2 channels, but the header says 3"),
        (("@dimensions 2", "@dimensions two"), "line 8: 2 channels, but the header says two"),
        (("0.5", "half"), "line 8: could not convert string to float: 'half'"),
    ],
)
def test_a_ts_file_that_does_not_fit_is_an_error_with_its_place(tmp_path: Path, change: tuple, message: str) -> None:
    (tmp_path / "toy.ts").write_text(TS_FILE.replace(*change))
    with pytest.raises(ValueError, match=message):
        read_ts(tmp_path / "toy.ts")


@pytest.mark.parametrize(
    ("part", "change", "message"),
    [
        ("TRAIN", ("4,5:", "?,?:"), "instance 2, channel 1 has no value"),
        ("TEST", ("6,7", "6,-inf"), "instance 2, channel 2 has infinite values"),
        ("TRAIN", (":Run", ":?"), "instance 2 has no label"),
        ("TRAIN", (":Run", ":walk"), "every instance to train on is of class 'walk'"),
        ("TEST", ("@dimensions 2", "@dimensions 1"), "instances to test on have 1 channels, those to train on 2"),
    ],
)
def test_an_instance_that_cannot_be_read_is_an_error_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str, change: tuple, message: str
) -> None:
    monkeypatch.setenv("TS_LLM_FUSION_DATA_DIR", str(tmp_path))
    (tmp_path / "tsc").mkdir()
    for name in ("TRAIN", "TEST"):
        (tmp_path / "tsc" / f"Toy_{name}.ts").write_text(TS_FILE)
    changed = TS_FILE.replace(*change)
    if "dimensions" in change[0]:
        changed = changed.replace("1,2,3:", "").replace("4,5:", "")
    (tmp_path / "tsc" / f"Toy_{part}.ts").write_text(changed)
    with pytest.raises(ValueError, match=message):
        list(archive_samples("Toy", archive_files("Toy"), "test"))


@pytest.mark.parametrize("line", ["1", "1,2,3"])
def test_a_line_of_a_tsv_file_without_a_tab_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "toy.tsv").write_text(f"1\t2\n{line}\n")
    with pytest.raises(ValueError, match="line 2: has no tab"):
        read_tsv(tmp_path / "toy.tsv")


def test_a_stratified_split_takes_the_share_of_each_class_and_is_seeded() -> None:
    labels = ["a"] * 20 + ["b"] * 10 + ["c"] * 3
    kept, taken = hold_out(labels, 0.2, seed=0)
    assert sorted(kept + taken) == list(range(33))
    assert Counter(labels[row] for row in taken) == {"a": 4, "b": 2, "c": 1}
    assert taken == hold_out(labels, 0.2, seed=0)[1]
    assert taken != hold_out(labels, 0.2, seed=1)[1]
    with pytest.raises(ValueError, match="class 'd' has 1 instances"):
        hold_out(["d", "e", "e"], 0.2, seed=0)


def test_a_missing_archive_says_where_to_put_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TS_LLM_FUSION_DATA_DIR", str(tmp_path))
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(FileNotFoundError, match=r"put the file at \$TS_LLM_FUSION_DATA_DIR/tsc/BasicMotions.zip"):
        ArchiveSource("BasicMotions").prepare()
    with pytest.raises(FileNotFoundError, match=r"no Mine_TRAIN file .* put it in \$TS_LLM_FUSION_DATA_DIR/tsc"):
        ArchiveSource("Mine").prepare()


@pytest.mark.parametrize(
    ("name", "sizes", "channels", "length", "classes"),
    [
        ("BasicMotions", (32, 8, 40), 6, 100, 4),
        ("Epilepsy", (110, 27, 138), 3, 206, 4),
        ("GunPoint", (40, 10, 150), 1, 150, 2),
        ("SyntheticControl", (240, 60, 300), 1, 60, 6),
    ],
)
def test_the_archives_have_their_official_sizes(
    data_dir: Path, name: str, sizes: tuple, channels: int, length: int, classes: int
) -> None:
    data = ArchiveSource(name).prepare()
    assert tuple(len(data.splits[split]) for split in ("train", "validation", "test")) == sizes
    sample = data.splits["test"][0]
    assert (len(sample["time_series"]), len(sample["time_series"][0])) == (channels, length)
    assert len(data.labels[name]) == classes
    assert set(data.splits["test"]["answer"]) == set(data.splits["validation"]["answer"]) == set(data.labels[name])


def test_validation_comes_from_training_and_test_from_the_official_test_split(data_dir: Path) -> None:
    splits = ArchiveSource("Epilepsy").prepare(split_seed=3).splits
    ids = {name: set(samples["id"]) for name, samples in splits.items()}
    assert ids["train"] | ids["validation"] == {f"TRAIN-{row}" for row in range(137)}
    assert not ids["train"] & ids["validation"]
    last = read_archive("Epilepsy", archive_files("Epilepsy"), "TEST")[-1]
    assert splits["test"][-1]["answer"] == last.label
    assert np.allclose(splits["test"][-1]["time_series"], last.channels, atol=1e-6)
