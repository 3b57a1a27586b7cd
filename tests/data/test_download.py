"""Downloads from a server that cuts, lies and changes its mind; and what is on the disk afterwards."""

import errno
import hashlib
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from ts_llm_fusion.data import download
from ts_llm_fusion.data.download import cached_path, locate
from ts_llm_fusion.data.entries import RemoteFile

CONTENT = bytes(range(256)) * 1000


@dataclass
class Server:
    """A loopback server of one file, and what it does wrong.

    Args:
        address: of the file.
        content: of the file.
        etag: what the server calls its state; None for a server that names none.
        cuts: for each request in turn, after how many bytes the connection breaks.
        statuses: for each request in turn, an error to answer with.
        knows_ranges: whether it gives parts of the file.
        delay: seconds before an answer.
        ranges: of the requests that came.
    """

    address: str = ""
    content: bytes = CONTENT
    etag: str | None = '"one"'
    cuts: list[int | None] = field(default_factory=list)
    statuses: list[int | None] = field(default_factory=list)
    knows_ranges: bool = True
    delay: float = 0.0
    ranges: list[str | None] = field(default_factory=list)

    def file(self, sha256: str | None = hashlib.sha256(CONTENT).hexdigest(), size: int | None = None) -> RemoteFile:
        return RemoteFile("folder/file.bin", self.address, sha256, size)


def handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args) -> None:
            pass

        def do_GET(self) -> None:
            time.sleep(server.delay)
            asked = self.headers.get("Range")
            server.ranges.append(asked)
            status = server.statuses.pop(0) if server.statuses else None
            if status is not None:
                self.send_error(status)
                return
            offset = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked and server.knows_ranges else 0
            if offset and self.headers.get("If-Range") not in (None, server.etag):
                offset = 0
            if offset >= len(server.content):
                self.send_error(416)
                return
            body = server.content[offset:]
            self.send_response(206 if offset else 200)
            self.send_header("Content-Length", str(len(body)))
            if offset:
                self.send_header("Content-Range", f"bytes {offset}-{len(server.content) - 1}/{len(server.content)}")
            if server.etag:
                self.send_header("ETag", server.etag)
            self.end_headers()
            cut = server.cuts.pop(0) if server.cuts else None
            self.wfile.write(body if cut is None else body[:cut])

    return Handler


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of downloads, and no data directory."""
    monkeypatch.delenv("TS_LLM_FUSION_DATA_DIR", raising=False)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    return tmp_path / "cache" / "ts_llm_fusion" / "folder"


@pytest.fixture
def server(cache: Path) -> Iterator[Server]:
    state = Server()
    http = ThreadingHTTPServer(("127.0.0.1", 0), handler(state))
    Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
    state.address = f"http://127.0.0.1:{http.server_port}/file.bin"
    yield state
    http.shutdown()
    http.server_close()


def files_in(folder: Path) -> set[str]:
    """What a user would find there, locks aside."""
    return {path.name for path in folder.iterdir() if path.suffix != ".lock"} if folder.is_dir() else set()


def test_a_download_is_kept_with_its_record_and_used_again(server: Server, cache: Path) -> None:
    path = locate(server.file(), "set")
    assert path.read_bytes() == CONTENT
    assert files_in(cache) == {"file.bin", "file.bin.json"}
    assert json.loads((cache / "file.bin.json").read_text())["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert locate(server.file(), "set") == path
    assert server.ranges == [None]


def test_a_connection_that_breaks_is_taken_up_where_it_broke(server: Server, cache: Path) -> None:
    server.cuts = [100_000, 50_000]
    assert locate(server.file(), "set").read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=100000-", "bytes=150000-"]
    assert files_in(cache) == {"file.bin", "file.bin.json"}


def test_a_cut_download_is_not_taken_for_the_file_and_goes_on_the_next_time(server: Server, cache: Path) -> None:
    server.cuts, server.statuses = [100_000], [None, 503]
    with pytest.raises(FileNotFoundError, match=r"set: cannot be downloaded .*503.* put the file at \$TS_LLM_FUSION"):
        locate(server.file(), "set")
    assert files_in(cache) == {"file.bin.partial", "file.bin.validator"}
    assert locate(server.file(), "set").read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=100000-", "bytes=100000-"]


def test_a_file_that_changed_in_between_is_read_from_the_start(server: Server, cache: Path) -> None:
    server.cuts, server.statuses = [100_000], [None, 503]
    with pytest.raises(FileNotFoundError):
        locate(server.file(), "set")
    server.content, server.etag = CONTENT[::-1], '"two"'
    path = locate(server.file(hashlib.sha256(CONTENT[::-1]).hexdigest()), "set")
    assert path.read_bytes() == CONTENT[::-1]


@pytest.mark.parametrize("fault", ("ignores ranges", "names no state", "weak name"))
def test_a_server_that_cannot_resume_sends_the_whole_file_again(fault: str, server: Server) -> None:
    server.knows_ranges = fault != "ignores ranges"
    server.etag = {"names no state": None, "weak name": 'W/"one"'}.get(fault, '"one"')
    server.cuts = [100_000]
    assert locate(server.file(None), "set").read_bytes() == CONTENT
    assert len(server.ranges) == 2


def test_a_rest_beyond_the_end_is_dropped(server: Server, cache: Path) -> None:
    cache.mkdir(parents=True)
    (cache / "file.bin.partial").write_bytes(CONTENT + b"more")
    (cache / "file.bin.validator").write_text('"one"')
    assert locate(server.file(), "set").read_bytes() == CONTENT


def test_a_connection_that_keeps_breaking_is_given_up(server: Server, cache: Path) -> None:
    server.cuts = [1000] * 9
    with pytest.raises(FileNotFoundError, match="the connection broke 5 times"):
        locate(server.file(), "set")
    assert files_in(cache) == {"file.bin.partial", "file.bin.validator"}
    assert (cache / "file.bin.partial").stat().st_size == 5000


def test_a_wrong_checksum_is_said_and_nothing_stays(server: Server, cache: Path) -> None:
    with pytest.raises(ValueError, match=f"has sha256 .*, not {'0' * 64}; it was removed") as error:
        locate(server.file("0" * 64), "set")
    assert "\n" not in str(error.value)
    assert files_in(cache) == set()


def test_a_file_of_another_size_is_refused_where_no_checksum_is_known(server: Server, cache: Path) -> None:
    with pytest.raises(ValueError, match="of 256000 bytes, not one of 7 bytes"):
        locate(server.file(None, size=7), "set")
    assert files_in(cache) == set()


def test_an_unknown_checksum_is_told_and_a_later_change_is_noticed(
    server: Server, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    digest = hashlib.sha256(CONTENT).hexdigest()
    with caplog.at_level(logging.INFO):
        path = locate(server.file(None), "set")
    assert f"sha256 of folder/file.bin is {digest}" in caplog.text
    os.utime(path)
    assert locate(server.file(None), "set") == path  # touched, but the same
    path.write_bytes(b"something else")
    with pytest.raises(ValueError, match=f"not {digest}; it was removed"):
        locate(server.file(None), "set")
    assert locate(server.file(None), "set").read_bytes() == CONTENT


def test_a_disk_without_room_is_noticed_before_anything_is_written(
    server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")._replace(free=100_000)
    monkeypatch.setattr(download.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(OSError, match=r"needs 0\.3 MB, and .* has 0\.1 MB free; make room, or set HF_HOME"):
        locate(server.file(), "set")
    assert files_in(cache) == set()


def test_a_disk_that_fills_up_on_the_way_is_left_free(
    server: Server, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self, count: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(download.tqdm, "update", full)
    with pytest.raises(OSError, match="No space left on device"):
        locate(server.file(), "set")
    assert not (cache / "file.bin.partial").exists()
    assert not (cache / "file.bin").exists()


def test_without_a_network_the_error_says_where_to_put_the_file(cache: Path) -> None:
    file = RemoteFile("folder/file.bin", "http://127.0.0.1:9/file.bin")
    with pytest.raises(
        FileNotFoundError, match=r"refused.*put the file at \$TS_LLM_FUSION_DATA_DIR/folder/file.bin \(or .gz\)"
    ):
        locate(file, "set")
    assert files_in(cache) == set()


def test_offline_mode_asks_nobody(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(FileNotFoundError, match=r"HF_HUB_OFFLINE is set.* put the file at"):
        locate(server.file(), "set")
    assert server.ranges == []


def test_no_address_says_where_to_put_the_file(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TS_LLM_FUSION_DATA_DIR", str(tmp_path / "mine"))
    with pytest.raises(FileNotFoundError, match=r"not in .*mine and no address is known; put the file at"):
        locate(RemoteFile("folder/file.bin"), "set")


def test_an_address_of_another_kind_is_refused(cache: Path) -> None:
    with pytest.raises(ValueError, match=r"file:///etc/passwd: give an address of http\(s\)"):
        locate(RemoteFile("folder/file.bin", "file:///etc/passwd"), "set")


def test_the_data_directory_wins_also_compressed(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TS_LLM_FUSION_DATA_DIR", str(tmp_path))
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file.bin.gz").write_bytes(b"mine")
    assert locate(server.file(), "set") == tmp_path / "folder" / "file.bin.gz"
    (tmp_path / "folder" / "file.bin").write_bytes(b"mine")
    assert locate(server.file(), "set") == tmp_path / "folder" / "file.bin"
    assert server.ranges == []


LOCATE = """
import sys
from ts_llm_fusion.data.download import locate
from ts_llm_fusion.data.entries import RemoteFile
print(len(locate(RemoteFile("folder/file.bin", sys.argv[1]), "set").read_bytes()))
"""


def test_a_second_process_waits_for_the_first(server: Server, tmp_path: Path) -> None:
    server.delay = 0.5
    environment = {**os.environ, "HF_DATASETS_CACHE": str(tmp_path / "shared")}
    environment.pop("TS_LLM_FUSION_DATA_DIR", None)
    command = [sys.executable, "-c", LOCATE, server.address]
    processes = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for _ in range(2)
    ]
    assert [int(process.communicate()[0]) for process in processes] == [len(CONTENT)] * 2
    assert server.ranges == [None]


@pytest.fixture
def hub(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A Hub on the loopback that has one file in owner/name; gives the requests that came."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args) -> None:
            pass

        def do_HEAD(self) -> None:
            asked.append(f"{self.command} {self.path}")
            if self.path != "/datasets/owner/name/resolve/main/a/file.bin":
                self.send_response(404)
                self.send_header("X-Error-Code", "EntryNotFound")
                self.end_headers()
                return
            self.send_response(200)
            self.send_header("ETag", f'"{hashlib.sha256(CONTENT).hexdigest()}"')
            self.send_header("X-Repo-Commit", "1" * 40)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()

        def do_GET(self) -> None:
            self.do_HEAD()
            self.wfile.write(CONTENT)

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
    endpoint = f"http://127.0.0.1:{http.server_port}"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", endpoint)
    monkeypatch.setattr(
        "huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    )
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    yield asked
    http.shutdown()
    http.server_close()


def test_a_file_of_the_hub_comes_through_its_client_and_is_checked(hub: list[str], cache: Path) -> None:
    file = RemoteFile(
        "folder/file.bin", "hf://datasets/owner/name/a/file.bin", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT)
    )
    assert locate(file, "set").read_bytes() == CONTENT
    count = len(hub)
    assert locate(file, "set") == cached_path(file)
    assert len(hub) == count
    wrong = RemoteFile("folder/other.bin", "hf://datasets/owner/name/a/file.bin", "0" * 64)
    with pytest.raises(ValueError, match="it was removed"):
        locate(wrong, "set")
    assert files_in(cache) == {"file.bin", "file.bin.json"}


def test_a_disk_without_room_for_a_file_of_the_hub(hub: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(free=100_000)
    monkeypatch.setattr(download.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(OSError, match=r"a/file.bin: needs 0\.3 MB"):
        locate(RemoteFile("folder/file.bin", "hf://datasets/owner/name/a/file.bin", None, len(CONTENT)), "set")
    assert hub == []


def test_a_file_that_the_hub_does_not_have_says_where_to_put_it(hub: list[str], cache: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"404.*put the file at \$TS_LLM_FUSION_DATA_DIR/folder/file.bin"):
        locate(RemoteFile("folder/file.bin", "hf://datasets/owner/name/b.bin"), "set")
    assert files_in(cache) == set()
