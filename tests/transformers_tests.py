"""The tests that transformers has in common for all models, from the source archive of the installed version."""

import importlib.metadata
import importlib.util
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from types import ModuleType

import pytest
from filelock import FileLock

# Where pytest keeps what tests download; not part of the repository.
_CACHE = Path(__file__).parent.parent / ".pytest_cache" / "d"
# What the common tests import that the archive does not have, with the class that they take from it.
_NOT_IN_THE_ARCHIVE = {"exporters.test_export": "ExportTesterMixin", "generation.test_utils": "GenerationTesterMixin"}
_PACKAGE = "transformers_common_tests"


def _download(folder: Path) -> None:
    """Puts the tests of the installed transformers into a new folder, from the package index that pip is set to."""
    version = importlib.metadata.version("transformers")
    # Beside the cache: a folder cannot be renamed across file systems.
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "transformers"]
        command += ["--retries", "1", "--timeout", "20", "--dest", scratch, f"transformers=={version}"]
        done = subprocess.run(command, capture_output=True, text=True)
        archives = list(Path(scratch).glob("transformers-*.tar.gz"))
        if done.returncode or not archives:
            lines = done.stderr.strip().splitlines() or ["no source archive"]
            pytest.skip(f"the tests of transformers {version} cannot be had: {lines[-1]}", allow_module_level=True)
        unpacked = Path(scratch) / "unpacked"
        with tarfile.open(archives[0]) as archive:
            root = archives[0].name.removesuffix(".tar.gz")
            wanted = [one for one in archive.getmembers() if one.name.startswith(f"{root}/tests/test_")]
            archive.extractall(unpacked, members=wanted, filter="data")
        (unpacked / root / "tests").rename(folder)


def load() -> ModuleType:
    """The module of `ModelTesterMixin`; skips the module that asks where it cannot be had."""
    pytest.importorskip("parameterized")
    folder = _CACHE / f"transformers-{importlib.metadata.version('transformers')}"
    _CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not folder.is_dir():
            _download(folder)
    package = ModuleType(_PACKAGE)
    package.__path__ = [str(folder)]
    sys.modules[_PACKAGE] = package
    for name, class_name in _NOT_IN_THE_ARCHIVE.items():
        stand_in = ModuleType(f"{_PACKAGE}.{name}")
        setattr(stand_in, class_name, type(class_name, (), {}))
        parent = ModuleType(f"{_PACKAGE}.{name.split('.')[0]}")
        parent.__path__ = []
        sys.modules[parent.__name__] = parent
        sys.modules[stand_in.__name__] = stand_in
    return importlib.import_module(f"{_PACKAGE}.test_modeling_common")
