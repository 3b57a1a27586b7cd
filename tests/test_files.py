"""What a command would write is looked at before it begins."""

import os
from pathlib import Path

import pytest

from ts_llm_fusion.files import check_output, check_output_folder, check_writable, read_mapping


def test_a_new_file_passes_and_nothing_is_left_behind(tmp_path: Path) -> None:
    check_output(tmp_path / "a" / "b" / "out.csv", (tmp_path / "data.csv", "co2", None))
    check_output_folder(tmp_path / "c", ("*.json",), (tmp_path / "model",))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_written_over_only_on_demand(tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("kept")
    with pytest.raises(FileExistsError, match=r"out\.csv: the file is there already; .* --overwrite"):
        check_output(tmp_path / "out.csv")
    check_output(tmp_path / "out.csv", overwrite=True)
    assert (tmp_path / "out.csv").read_text() == "kept"


def test_an_input_is_never_written_over_by_whatever_name(tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text("kept")
    (tmp_path / "link.csv").symlink_to(data)
    os.link(data, tmp_path / "second_name.csv")
    for name in ("data.csv", "link.csv", "second_name.csv"):
        with pytest.raises(ValueError, match="the output is also an input"):
            check_output(tmp_path / name, (data,), overwrite=True)
    with pytest.raises(ValueError, match="the output is also an input"):
        check_output_folder(tmp_path, ("*",), (tmp_path,), overwrite=True)


def test_a_folder_is_free_where_no_such_file_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "log.txt").touch()
    (tmp_path / ".lock").touch()
    check_output_folder(tmp_path, ("*.json", "model.*"))
    with pytest.raises(FileExistsError, match=r"log\.txt is there already"):
        check_output_folder(tmp_path, ("[!.]*",))
    check_output_folder(tmp_path, ("[!.]*",), overwrite=True)
    (tmp_path / "log.txt").unlink()
    check_output_folder(tmp_path, ("[!.]*",))


def test_a_place_where_nothing_can_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match="file is a file, not a folder"):
        check_output(tmp_path / "file" / "deeper" / "out.csv")
    with pytest.raises(IsADirectoryError, match="a folder of this name is there"):
        check_output(tmp_path, overwrite=True)
    # No user, not even root, can make files there.
    with pytest.raises(OSError, match="/proc/new: nothing can be written there"):
        check_writable("/proc/new")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"seed: 1\nseed: 2", "'seed' is given 2 times; give it once"),
        (b"1: 2", "1 is a name; names are text"),
        (b"a: 2024-13-45", "not YAML (month must be in 1..12"),
        (b"a: !!int ''", "not YAML (string index out of range)"),
        (b"a: !!python/name:os.system", "not YAML (could not determine a constructor"),
        (b"a: \xff", "not YAML ('utf-8' codec can't decode"),
        (b"a: " + b"[" * 1000, "not YAML (maximum recursion depth"),
        (b"a: &a [*a]", "aliases (*) repeat its values"),
        (
            b"a0: &a0 [x]\n" + b"".join(b"a%d: &a%d [*a%d, *a%d]\n" % (k, k, k - 1, k - 1) for k in range(1, 40)),
            "aliases",
        ),
    ],
)
def test_recipes_that_are_wrong_are_one_line(text: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_bytes(text)
    with pytest.raises(ValueError) as raised:
        read_mapping(path)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 500
