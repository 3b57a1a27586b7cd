"""Files of data sets: from the user's data directory, or downloaded, verified and cached.

`datasets.DownloadManager` neither resumes nor checks the free disk, so http(s) is read here; a file of a data set on
the Hub goes through `hf_hub_download`, which resumes and locks by itself.
"""

import errno
import hashlib
import http.client
import json
import logging
import os
import re
import shutil
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

from filelock import FileLock, Timeout
from huggingface_hub import constants, hf_hub_download, is_offline_mode
from tqdm.auto import tqdm

from ..errors import UserError
from ..files import write_json
from .entries import RemoteFile

DATA_DIR_VARIABLE = "TS_LLM_FUSION_DATA_DIR"

_CHUNK = 1 << 20
_TIMEOUT_SECONDS = 30
# Retries after a dropped connection, while each attempt makes progress.
_TRIES = 5
_HUB_ADDRESS = re.compile(r"hf://datasets/(?P<repo_id>[^/@]+/[^/@]+)(@(?P<revision>[^/]+))?/(?P<filename>.+)")

logger = logging.getLogger(__name__)


def data_directory() -> Path | None:
    """User's data directory, `$TS_LLM_FUSION_DATA_DIR`, if it is set."""
    directory = os.environ.get(DATA_DIR_VARIABLE)
    return Path(directory) if directory else None


def cache_directory() -> Path:
    """Folder of the downloads, beside those of `datasets` (`HF_DATASETS_CACHE`)."""
    import datasets

    return Path(datasets.config.HF_DATASETS_CACHE) / "ts_llm_fusion"


def find_local(path: str) -> Path | None:
    """Find a file below the data directory, by its path or its path with .gz appended."""
    directory = data_directory()
    if directory is not None:
        for suffix in ("", ".gz"):
            candidate = directory / (path + suffix)
            if candidate.is_file():
                return candidate
    return None


def cached_path(file: RemoteFile) -> Path:
    """Path of the download of a file in the cache, whether it exists or not."""
    compressed = file.url is not None and file.url.endswith(".gz") and not file.path.endswith(".gz")
    return cache_directory() / (file.path + (".gz" if compressed else ""))


def where_to_put(file: RemoteFile) -> str:
    """Advice for an error about a file that is not available."""
    return f"put the file at ${DATA_DIR_VARIABLE}/{file.path} (or .gz)"


def sha256_of(path: Path) -> str:
    """SHA-256 checksum of a file, read in chunks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_free_disk(folder: Path, needed: int, what: str) -> None:
    """Raise OSError if a folder does not have room for `needed` bytes."""
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise OSError(
            f"{what}: needs {needed / 1e6:,.1f} MB, and {folder} has {free / 1e6:,.1f} MB free; make room, or set "
            "HF_HOME to a folder on another disk."
        )


@contextmanager
def waiting_lock(path: Path) -> Iterator[None]:
    """Lock a path between processes, with a log message while another process holds the lock `path` + .lock."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(f"{path}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        logger.info("%s: locked by another process; waiting", path)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def locate(file: RemoteFile, name: str) -> Path:
    """Locate a file of the data set `name`: in the data directory, else in the cache, else by downloading it.

    A file in the data directory is the user's own and is not verified; a download is.

    Returns:
        Path of the file; it ends with .gz if the file is gzipped.

    Raises:
        FileNotFoundError: if it is not available locally and cannot be downloaded, saying where to put it.
        ValueError: if the download differs from the registered file; it is removed.
        OSError: if the disk has no room for it.
    """
    local = find_local(file.path)
    if local is not None:
        return local
    if file.url is None:
        directory = data_directory()
        raise FileNotFoundError(
            f"{name}: {file.path} is not in {directory or 'a data directory'} and no address is known; "
            f"{where_to_put(file)}."
        )
    path = cached_path(file)
    record = path.with_name(f"{path.name}.json")
    with waiting_lock(path):
        if not path.is_file():
            logger.info("%s: from %s", name, file.url)
            try:
                _fetch(file.url, file.size, path)
            except (URLError, http.client.HTTPException, ConnectionError, TimeoutError) as error:
                raise FileNotFoundError(
                    f"{name}: cannot be downloaded from {file.url} ({error}); try again, or {where_to_put(file)}."
                ) from error
        _verify(path, file, record, name)
    return path


def _verify(path: Path, file: RemoteFile, record_path: Path, name: str) -> None:
    """Compare a download with the registry, or where that has no checksum, with the first download."""
    stat = path.stat()
    record: dict[str, Any] = json.loads(record_path.read_text()) if record_path.is_file() else {}
    known = (record.get("size"), record.get("mtime_ns")) == (stat.st_size, stat.st_mtime_ns)
    digest = record["sha256"] if known else sha256_of(path)
    wanted = file.sha256 or record.get("sha256")
    if wanted is None and file.size not in (None, stat.st_size):
        digest, wanted = f"of {stat.st_size} bytes", f"one of {file.size} bytes"
    if wanted not in (None, digest):
        path.resolve().unlink()
        path.unlink(missing_ok=True)
        record_path.unlink(missing_ok=True)
        raise UserError(
            f"{name}: the download from {file.url} has sha256 {digest}, not {wanted}; it was removed. Try again, or "
            f"{where_to_put(file)}."
        )
    if not known:
        if file.sha256 is None:
            logger.info("%s: sha256 of %s is %s", name, file.path, digest)
        write_json(
            record_path, {"url": file.url, "sha256": digest, "size": stat.st_size, "mtime_ns": stat.st_mtime_ns}
        )


def _fetch(url: str, size: int | None, path: Path) -> None:
    if is_offline_mode():
        raise ConnectionError("HF_HUB_OFFLINE is set")
    if hub := _HUB_ADDRESS.fullmatch(url):
        _fetch_from_hub(path, size, **hub.groupdict())
    elif url.startswith(("http://", "https://")):
        _fetch_from_web(url, size, path)
    else:
        raise UserError(f"{url}: give an address of http(s), or hf://datasets/OWNER/NAME/PATH.")


def _fetch_from_hub(path: Path, size: int | None, repo_id: str, revision: str | None, filename: str) -> None:
    """Link `path` to the file in the cache of the Hub's client, which by itself only warns of a full disk."""
    hub_cache = Path(constants.HF_HUB_CACHE)
    hub_cache.mkdir(parents=True, exist_ok=True)
    check_free_disk(hub_cache, size or 0, filename)
    try:
        blob = hf_hub_download(repo_id, filename, repo_type="dataset", revision=revision)
    except OSError as error:  # every error of the Hub's client is one
        raise ConnectionError(" ".join(str(error).split())) from error
    path.unlink(missing_ok=True)
    path.symlink_to(Path(blob).resolve())


def _fetch_from_web(url: str, size: int | None, path: Path) -> None:
    """Download to a file beside `path`, which stays if the connection drops, and move it to `path` when complete."""
    partial = path.with_name(f"{path.name}.partial")
    # ETag or date of the file: without it, the rest of a file may not belong to its beginning.
    validator = path.with_name(f"{path.name}.validator")
    for _ in range(_TRIES):
        before = partial.stat().st_size if partial.is_file() and validator.is_file() else 0
        try:
            _append(url, size, partial, validator, before)
            break
        except HTTPError as error:
            if error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise
            partial.unlink(missing_ok=True)
        except (URLError, http.client.HTTPException, ConnectionError, TimeoutError) as error:
            received = partial.stat().st_size - before if partial.is_file() else 0
            if received <= 0:
                raise
            logger.info("%s: %s; resuming", url, error)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                partial.unlink(missing_ok=True)
            raise
    else:
        raise ConnectionError(f"the connection broke {_TRIES} times")
    partial.replace(path)
    validator.unlink(missing_ok=True)


def _append(url: str, expected: int | None, partial: Path, validator: Path, offset: int) -> None:
    """Request the bytes after `offset`; a server without range requests sends the whole file again."""
    request = urllib.request.Request(url, headers={"User-Agent": "ts-llm-fusion", "Accept-Encoding": "identity"})
    if offset:
        request.add_header("Range", f"bytes={offset}-")
        request.add_header("If-Range", validator.read_text())
    # An address of http or https, as `_fetch` has checked.
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response:  # nosec B310
        if response.status != http.client.PARTIAL_CONTENT:
            offset = 0
        length = response.headers.get("Content-Length")
        total = offset + int(length) if length else expected
        check_free_disk(partial.parent, (total or 0) - offset, url)
        tag = response.headers.get("ETag", "")
        strong = tag if tag and not tag.startswith("W/") else response.headers.get("Last-Modified")
        if strong:
            validator.write_text(strong)
        else:
            validator.unlink(missing_ok=True)
        with (
            partial.open("ab" if offset else "wb") as output,
            tqdm(total=total, initial=offset, unit="B", unit_scale=True, desc=partial.stem) as bar,
        ):
            while chunk := response.read(_CHUNK):
                output.write(chunk)
                bar.update(len(chunk))
    size = partial.stat().st_size
    if total is not None and size < total:
        raise ConnectionError(f"the connection broke at {size} of {total} bytes")
