"""Optional packages that are not installed."""

import logging
import sys

import pytest

from ts_llm_fusion import cli
from ts_llm_fusion.data.download import cached_path
from ts_llm_fusion.data.registry import load_dataset
from ts_llm_fusion.data.series.mitbih import ENTRIES
from ts_llm_fusion.requirements import MissingPackageError, quiet_kernels, require


def test_a_package_that_is_there_is_imported() -> None:
    assert require("json.decoder", "demo").JSONDecoder


@pytest.mark.parametrize("package", ["no_such_package", "no_such_package.part"])
def test_a_missing_package_is_an_import_error_that_names_its_extra(package: str) -> None:
    with pytest.raises(ImportError, match=r"no_such_package is not installed; run pip install .*fusion\[demo\]"):
        require(package, "demo")


def test_a_set_whose_reader_is_missing_says_so_before_anything_is_downloaded(
    tmp_path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("TS_LLM_FUSION_DATA_DIR", str(tmp_path))
    monkeypatch.setitem(sys.modules, "wfdb", None)
    with pytest.raises(MissingPackageError, match=r"wfdb is not installed; .*\[physionet\]"):
        load_dataset("MIT-BIH", "test")
    assert not any(cached_path(file).is_file() for file in ENTRIES[0].files)
    assert cli.main(["data", "preview", "MIT-BIH"]) == 2
    assert capsys.readouterr().err.startswith("ts-llm-fusion: error: wfdb is not installed; run pip install")


def test_warnings_of_unused_kernels_are_kept_back_while_importing(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("torchao.kernels")
    caplog.set_level(logging.WARNING, "torchao")
    with quiet_kernels():
        logger.warning("no library")
        logger.error("a fault")
    logger.warning("afterwards")
    assert [record.getMessage() for record in caplog.records] == ["a fault", "afterwards"]
