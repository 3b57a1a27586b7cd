"""Unpacking archives that nobody has looked into: nothing lands outside the folder, nothing half unpacked is seen."""

import gzip
import lzma
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from tqdm.auto import tqdm

from .download import check_free_disk, waiting_lock

_CHUNK = 1 << 20
# What the readers raise for an archive that is cut or has been changed.
_DAMAGE = (zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, lzma.LZMAError)


def _checked_name(archive: Path, name: str) -> PurePosixPath:
    """The relative path of a member, or an error if it would leave the folder."""
    windows = PureWindowsPath(name)
    path = PurePosixPath(*windows.parts)
    if windows.drive or windows.root or ".." in path.parts or "\0" in name:
        raise ValueError(f"{archive}: member {name!r} would land outside the folder; nothing was unpacked.")
    return path


def _zip_members(archive: Path, file: zipfile.ZipFile) -> Iterator[tuple[PurePosixPath, int, IO[bytes]]]:
    for member in file.infolist():
        name = _checked_name(archive, member.filename)
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise ValueError(f"{archive}: member {member.filename!r} is a link or a device; nothing was unpacked.")
        if member.flag_bits & 1:
            raise ValueError(f"{archive}: member {member.filename!r} is encrypted; nothing was unpacked.")
        if not member.is_dir():
            with file.open(member) as content:
                yield name, member.file_size, content


def _tar_members(archive: Path, file: tarfile.TarFile) -> Iterator[tuple[PurePosixPath, int, IO[bytes]]]:
    for member in file:
        name = _checked_name(archive, member.name)
        if not (member.isreg() or member.isdir()):
            raise ValueError(f"{archive}: member {member.name!r} is a link or a device; nothing was unpacked.")
        if member.isreg():
            yield name, member.size, file.extractfile(member)


def _members(archive: Path) -> Iterator[tuple[PurePosixPath, int, IO[bytes]]]:
    """Path, declared size and content of every file; the archive is read from front to back, never as a whole."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as file:
            yield from _zip_members(archive, file)
    else:
        with tarfile.open(archive, "r:*") as file:
            yield from _tar_members(archive, file)


def extract(archive: Path, folder: Path, max_bytes: int = 20 * 10**9, max_files: int = 200_000) -> Path:
    """Unpacks a zip or tar archive (also .gz, .bz2, .xz) into a folder, which appears when it is complete.

    A folder that is there is complete and is left as it is; a second process waits for the first.

    Args:
        archive: the file.
        folder: where its contents go.
        max_bytes: the most that it may unpack to, counted as it is written and not as it is declared.
        max_files: the most files that it may hold.

    Returns:
        The folder.

    Raises:
        ValueError: for a member that leaves the folder, a link, a device, an encrypted or repeated member, an archive
            over the limits, or one that is damaged; nothing of it stays.
        OSError: if the disk has no room for it.
    """
    with waiting_lock(folder):
        if folder.is_dir():
            return folder
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".unpack-") as name:
            target = Path(name, "content")
            target.mkdir()
            try:
                _unpack(archive, target, max_bytes, max_files)
            except _DAMAGE as error:
                reason = str(error).split("\n")[0].rstrip(":")
                raise ValueError(
                    f"{archive}: no whole zip or tar archive ({reason}); nothing was unpacked, fetch it again."
                ) from error
            target.replace(folder)
    return folder


def _unpack(archive: Path, target: Path, max_bytes: int, max_files: int) -> None:
    written = 0
    with tqdm(unit="B", unit_scale=True, desc=f"unpack {archive.name}") as bar:
        for number, (name, size, content) in enumerate(_members(archive), start=1):
            if number > max_files:
                raise ValueError(f"{archive}: holds more than {max_files} files; nothing was unpacked.")
            check_free_disk(target, size, f"{archive}: member {name}")
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists():
                raise ValueError(f"{archive}: member {str(name)!r} is there twice; nothing was unpacked.")
            with path.open("xb") as output:
                while chunk := content.read(_CHUNK):
                    written += len(chunk)
                    if written > max_bytes:
                        raise ValueError(f"{archive}: unpacks to more than {max_bytes} bytes; nothing was unpacked.")
                    output.write(chunk)
                    bar.update(len(chunk))
