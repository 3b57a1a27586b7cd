"""Archives that mean harm, and what of them is on the disk afterwards: nothing."""

import io
import shutil
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from ts_llm_fusion.data import download
from ts_llm_fusion.data.archives import extract

FILES = {"a.txt": b"first", "folder/b.bin": bytes(300_000), "folder/empty": b""}


def make_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("folder")
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def make_tar(path: Path, files: dict[str, bytes], *others: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w:xz" if path.suffix == ".xz" else "w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for member in others:
            archive.addfile(member)
    return path


def make(path: Path, files: dict[str, bytes]) -> Path:
    return (make_zip if path.suffix == ".zip" else make_tar)(path, files)


def left_over(folder: Path) -> set[str]:
    """Everything in a folder and below but the archive and the lock."""
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    return {name for name in names if not name.startswith("archive.") and name != "out.lock"}


@pytest.mark.parametrize("name", ("archive.zip", "archive.tar", "archive.tar.gz", "archive.tar.xz"))
def test_an_archive_is_unpacked(name: str, tmp_path: Path) -> None:
    folder = extract(make(tmp_path / name, FILES), tmp_path / "out")
    assert {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()} == FILES
    assert left_over(tmp_path) == {"out", "out/a.txt", "out/folder", "out/folder/b.bin", "out/folder/empty"}


def test_a_folder_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert extract(make_zip(tmp_path / "archive.zip", FILES), tmp_path / "out") == tmp_path / "out"
    assert left_over(tmp_path) == {"out"}


@pytest.mark.parametrize("suffix", (".zip", ".tar"))
@pytest.mark.parametrize(
    "name", ("../evil", "folder/../../evil", "/evil", "C:\\evil", "..\\evil", "\\\\server\\share\\evil")
)
def test_a_member_that_would_leave_the_folder(name: str, suffix: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    archive = make(tmp_path / "in" / f"archive{suffix}", {"a.txt": b"fine", name: b"evil"})
    with pytest.raises(ValueError, match="would land outside the folder; nothing was unpacked") as error:
        extract(archive, tmp_path / "in" / "out")
    assert "\n" not in str(error.value)
    assert left_over(tmp_path) == {"in", f"in/archive{suffix}", "in/out.lock"}


@pytest.mark.parametrize(
    "kind", (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE)
)
def test_links_and_devices_in_a_tar(kind: bytes, tmp_path: Path) -> None:
    member = tarfile.TarInfo("thing")
    member.type, member.linkname = kind, "a.txt"
    with pytest.raises(ValueError, match="'thing' is a link or a device; nothing was unpacked"):
        extract(make_tar(tmp_path / "archive.tar", FILES, member), tmp_path / "out")
    assert left_over(tmp_path) == set()


def test_a_link_in_a_zip(tmp_path: Path) -> None:
    member = zipfile.ZipInfo("thing")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        archive.writestr(member, "/etc/passwd")
    with pytest.raises(ValueError, match="'thing' is a link or a device"):
        extract(tmp_path / "archive.zip", tmp_path / "out")
    assert left_over(tmp_path) == set()


def test_an_encrypted_member(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "archive.zip", {"a.txt": b"first"})
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"'a.txt' is encrypted"):
        extract(path, tmp_path / "out")
    assert left_over(tmp_path) == set()


@pytest.mark.parametrize("suffix", (".zip", ".tar.gz"))
def test_limits(suffix: str, tmp_path: Path) -> None:
    archive = make(tmp_path / f"archive{suffix}", FILES)
    with pytest.raises(ValueError, match="unpacks to more than 300004 bytes; nothing was unpacked"):
        extract(archive, tmp_path / "out", max_bytes=300_004)
    with pytest.raises(ValueError, match="holds more than 2 files; nothing was unpacked"):
        extract(archive, tmp_path / "out", max_files=2)
    assert left_over(tmp_path) == set()
    extract(archive, tmp_path / "out", max_bytes=300_005, max_files=3)


def test_a_member_that_is_there_twice(tmp_path: Path) -> None:
    member = tarfile.TarInfo("a.txt")
    with pytest.raises(ValueError, match=r"'a.txt' is there twice"):
        extract(make_tar(tmp_path / "archive.tar", FILES, member), tmp_path / "out")
    assert left_over(tmp_path) == set()


@pytest.mark.parametrize("name", ("archive.zip", "archive.tar", "archive.tar.gz", "archive.tar.xz"))
def test_a_cut_archive(name: str, tmp_path: Path) -> None:
    path = make(tmp_path / name, {"a.bin": bytes(range(256)) * 500, "b.bin": bytes(range(255, -1, -1)) * 500})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ValueError, match="no whole zip or tar archive") as error:
        extract(path, tmp_path / "out")
    assert "\n" not in str(error.value)
    assert left_over(tmp_path) == set()


def test_a_damaged_member(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "archive.zip", {"a.bin": b"abc" * 1000})
    data = bytearray(path.read_bytes())
    data[data.index(b"a.bin") + 10] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(ValueError, match="no whole zip or tar archive"):
        extract(path, tmp_path / "out")
    assert left_over(tmp_path) == set()


def test_a_file_that_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "archive.zip").write_text("<html>not found</html>")
    with pytest.raises(ValueError, match="no whole zip or tar archive"):
        extract(tmp_path / "archive.zip", tmp_path / "out")


def test_a_disk_without_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(download.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(OSError, match=r"member folder/b.bin: needs 0\.3 MB"):
        extract(make_zip(tmp_path / "archive.zip", FILES), tmp_path / "out")
    assert left_over(tmp_path) == set()
