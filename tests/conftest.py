"""What all tests share: where the reference assets are, and tiny models made on the spot."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from fresh_python import FreshPython, forking
from tiny_configs import TINY_GPT2

ASSETS_VARIABLE = "TS_LLM_FUSION_TEST_ASSETS"


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache of data sets that no run shares with another or with the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path_factory.mktemp("datasets"))
        yield


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FreshPython]:
    """Runs programs in processes that have not imported this package."""
    with forking(tmp_path_factory.mktemp("fresh")) as python:
        yield python


@pytest.fixture(scope="session")
def assets_dir() -> Path:
    """Folder of real series, published tables and reference numbers that are not part of the repository."""
    folder = os.environ.get(ASSETS_VARIABLE)
    if not folder:
        pytest.skip(f"{ASSETS_VARIABLE} is not set: the reference assets are not part of the repository")
    return Path(folder)


@pytest.fixture
def data_dir(assets_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of real series, set as the package's data directory."""
    monkeypatch.setenv("TS_LLM_FUSION_DATA_DIR", str(assets_dir / "data"))
    return assets_dir / "data"


@pytest.fixture
def tiny_config():
    """Makes a small `LLMPSConfig`; keyword arguments override its fields."""
    from ts_llm_fusion import LLMPSConfig

    def make(**overrides):
        fields = {
            "context_length": 48,
            "prediction_length": 12,
            "text_config": dict(TINY_GPT2),
            "mscnn_channels": 8,
        }
        return LLMPSConfig(**(fields | overrides))

    return make


@pytest.fixture
def tiny_model(tiny_config):
    """Makes a small forecaster in evaluation mode; keyword arguments override fields of its configuration."""
    from ts_llm_fusion import LLMPSForForecasting

    def make(**overrides):
        return LLMPSForForecasting(tiny_config(**overrides)).eval()

    return make
