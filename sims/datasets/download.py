"""Downloads that end with a whole, verified set in its folder, or leave the folder as it was.

The addresses and checksums are written from memory: the machine that this was written on could not reach them. A wrong
address or sum shows as one clear line, and never as wrong data; `--url` names another folder that holds the same files.
"""

import gzip
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from sims.datasets.cifar import CIFAR10
from sims.datasets.folders import Layout
from sims.datasets.idx import MNIST
from sims.datasets.origin import record_official
from sims.datasets.sets import DataError

CONNECT_SECONDS = 10.0


@dataclass(frozen=True)
class Source:
    """A set on the web.

    Parameters
    ----------
    layout : Layout
        What the folder must hold in the end.
    address : str
        The folder of the files, or the address of the file where it is the only one.
    md5 : mapping
        Checksum of each file, by its name; a name that ends in .tar.gz is unpacked.
    """

    layout: Layout
    address: str
    md5: Mapping[str, str]

    def url(self, name: str) -> str:
        """Return the address of a file."""
        return self.address if self.address.endswith(name) else f"{self.address.rstrip('/')}/{name}"


SOURCES = {
    "cifar10": Source(
        CIFAR10,
        "https://www.cs.toronto.edu/~kriz/",
        {"cifar-10-binary.tar.gz": "c32a1d4ab5d03f1284b67883e8d87530"},
    ),
    "mnist": Source(
        MNIST,
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        {
            "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb53873",
            "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
            "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
            "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
        },
    ),
}


def mirrored(source: Source, address: str | None) -> Source:
    """Return the source at another address; the checksums stay."""
    return source if address is None else replace(source, address=address)


def download(
    source: Source, folder: Path, *, attempts: int = 4, stall_seconds: float = 30.0, progress: bool = True
) -> None:
    """Put a set into a folder, verified; what is there under the same names is replaced.

    Everything is fetched, verified and unpacked in a temporary folder beside it, which is gone in the end.

    Parameters
    ----------
    source : Source
        What to fetch.
    folder : path
        Where the files go; made if need be.
    attempts : int
        How often a file is tried, at least 1; each time from its start.
    stall_seconds : float
        A server that is silent for so long has failed.
    progress : bool
        Show a bar on the standard error stream.

    Raises
    ------
    DataError
        A file could not be fetched, is not what its checksum says, or does not unpack safely.
    OSError
        The folder cannot be written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix=f".{source.layout.name}-") as work:
        fetched = Path(work, source.layout.folder)
        fetched.mkdir()
        for name, md5 in source.md5.items():
            _fetch(source.url(name), md5, fetched / name, attempts, stall_seconds, progress=progress)
            if name.endswith(".tar.gz"):
                unpack(fetched / name, source.layout)
                record_official(fetched, source.layout)
        _move(fetched, folder)


def _fetch(url: str, md5: str, target: Path, attempts: int, stall_seconds: float, *, progress: bool) -> None:
    import pooch  # slow to import, and only needed here

    pooch.get_logger().setLevel("WARNING")  # its lines name the temporary folder
    store = pooch.create(
        target.parent, "", registry={target.name: f"md5:{md5}"}, urls={target.name: url}, retry_if_failed=attempts - 1
    )
    fetch = pooch.HTTPDownloader(progressbar=progress, chunk_size=2**16, timeout=(CONNECT_SECONDS, stall_seconds))
    try:
        store.fetch(target.name, downloader=fetch)
    except (ValueError, OSError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{url} was not downloaded ({reason}): try again, or name a mirror with --url") from None


def unpack(archive: Path, layout: Layout) -> None:
    """Replace an archive by the files of the set that it holds.

    Raises
    ------
    DataError
        The archive is damaged, lacks a file, or holds a link, a device or a path that leaves its folder.
    """
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in tar:
                _unpack_member(tar, member, archive, layout)
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{archive.name} does not unpack ({error}): name another mirror with --url") from None
    archive.unlink()
    if missing := [name for name in layout.sizes if not (archive.parent / name).exists()]:
        raise DataError(f"{archive.name} lacks {missing[0]}: name another mirror with --url")


def _unpack_member(tar: tarfile.TarFile, member: tarfile.TarInfo, archive: Path, layout: Layout) -> None:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or not (member.isfile() or member.isdir()):
        raise DataError(f"{archive.name} holds {member.name!r}, a link, a device or a path outside: do not trust it")
    if path.parent == PurePosixPath(layout.folder) and member.size == layout.sizes.get(path.name):
        tar.extract(member.replace(name=path.name, deep=False), archive.parent, filter="data")


def _move(fetched: Path, folder: Path) -> None:
    if not folder.exists():
        fetched.rename(folder)
        return
    for file in fetched.iterdir():
        file.replace(folder / file.name)
