"""Fixtures that several test files share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def assets_dir() -> Path:
    """Folder of the reference assets, named by an environment variable; tests that need it skip without."""
    folder = os.environ.get("TS_LLM_FUSION_TEST_ASSETS")
    if not folder:
        pytest.skip("TS_LLM_FUSION_TEST_ASSETS is not set, so there are no reference assets to compare with")
    return Path(folder)
