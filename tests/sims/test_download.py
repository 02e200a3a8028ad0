"""The downloader against a local server that answers as bad servers do."""

import gc
import gzip
import hashlib
import io
import tarfile
import threading
import warnings
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sims.datasets import DataError, cifar
from sims.datasets.__main__ import app
from sims.datasets.download import SOURCES, Source, download, unpack
from sims.datasets.folders import Layout
from sims.datasets.origin import recorded_sums

CONTENTS = {"a.bin": b"abc", "b.bin": bytes(range(200))}
LAYOUT = Layout("tiny", "tiny-bin", {name: len(content) for name, content in CONTENTS.items()})
ARCHIVE = "tiny.tar.gz"


def member(name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE, target: str = ""):
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = len(content), kind, target
    return info, content


def archive(*members) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as tar:
        for info, content in members:
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


GOOD = [member("tiny-bin", kind=tarfile.DIRTYPE), *(member(f"tiny-bin/{name}", c) for name, c in CONTENTS.items())]
BODY = archive(*GOOD, member("tiny-bin/readme.html", b"<p>"))


class Server(ThreadingHTTPServer):
    """Serves one body at every address, in the ways listed in `answers`; the last way is repeated."""

    daemon_threads = True

    def __init__(self, body: bytes):
        super().__init__(("127.0.0.1", 0), Handler)
        self.body = body
        self.answers = ["whole"]
        self.asked: list[str] = []
        self.closing = threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/files"

    def handle_error(self, request, client_address):
        """A client that hangs up is part of these tests."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self):
        self.server.asked.append(self.path)
        way = self.server.answers.pop(0) if len(self.server.answers) > 1 else self.server.answers[0]
        getattr(self, way)(self.server.body)

    def head(self, status=200, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def whole(self, body):
        self.head(Content_Length=len(body))
        self.wfile.write(body)

    def truncated(self, body):
        self.head(Content_Length=len(body))
        self.wfile.write(body[: len(body) // 2])

    def ended_early(self, body):
        self.head()
        self.wfile.write(body[: len(body) // 2])

    def corrupted(self, body):
        self.whole(body[:-1] + bytes([body[-1] ^ 1]))

    def stalled(self, body):
        self.truncated(body)
        self.wfile.flush()
        self.server.closing.wait(10)

    def silent(self, body):
        self.server.closing.wait(10)

    def dropped(self, body):
        self.close_connection = True

    def missing(self, body):
        self.head(404, Content_Length=0)

    def log_message(self, format, *args):  # noqa: A002 - the name is the base class's
        """Say nothing."""


@pytest.fixture
def server():
    with Server(BODY) as running:
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield running
        running.closing.set()
        running.shutdown()
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", ResourceWarning
        )  # requests leaves the socket of a failed answer to the collector
        gc.collect()


def source(server: Server, body: bytes = BODY) -> Source:
    return Source(LAYOUT, server.address, {ARCHIVE: hashlib.md5(body).hexdigest()})


def fetch(source: Source, folder: Path, *, attempts: int = 1) -> None:
    download(source, folder, attempts=attempts, stall_seconds=0.2, progress=False)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_download_ends_with_the_files_and_their_checksums(server, tmp_path):
    folder = tmp_path / "data" / "tiny-bin"
    fetch(source(server), folder)
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENTS.items()}
    assert recorded_sums(folder, LAYOUT) == sums
    assert {name: content for name, content in files(folder).items() if name.endswith(".bin")} == CONTENTS
    assert sorted(path.name for path in folder.iterdir()) == ["a.bin", "b.bin", "fxp-official.json"]
    assert [path.name for path in folder.parent.iterdir()] == ["tiny-bin"]
    assert server.asked == [f"/files/{ARCHIVE}"]


BAD = ["truncated", "ended_early", "corrupted", "stalled", "silent", "dropped", "missing"]


@pytest.mark.parametrize("way", BAD)
def test_a_bad_server_is_one_line_and_leaves_no_file(server, tmp_path, way):
    server.answers = [way]
    with pytest.raises(
        DataError, match=rf"{server.address}/{ARCHIVE} was not downloaded \(.+\): try again, or"
    ) as caught:
        fetch(source(server), tmp_path / "tiny-bin")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_what_was_there_survives_a_failure(server, tmp_path):
    server.answers = ["truncated"]
    (tmp_path / "a.bin").write_bytes(b"old")
    with pytest.raises(DataError):
        fetch(source(server), tmp_path)
    assert files(tmp_path) == {"a.bin": b"old"}


@pytest.mark.parametrize("way", ["truncated", "corrupted", "dropped"])
def test_a_second_attempt_repairs(server, tmp_path, way, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    server.answers = [way, "whole"]
    fetch(source(server), tmp_path / "tiny-bin", attempts=2)
    assert (tmp_path / "tiny-bin" / "b.bin").read_bytes() == CONTENTS["b.bin"]
    assert len(server.asked) == 2


def test_a_download_fills_a_folder_that_lacks_files(server, tmp_path):
    (tmp_path / "a.bin").write_bytes(b"old")
    (tmp_path / "mine.txt").write_bytes(b"kept")
    fetch(source(server), tmp_path)
    found = files(tmp_path)
    del found["fxp-official.json"]
    assert found == CONTENTS | {"mine.txt": b"kept"}


EVIL = [
    member("../evil", b"x"),
    member("tiny-bin/../../evil", b"x"),
    member("/evil", b"x"),
    member("tiny-bin/a.bin", kind=tarfile.SYMTYPE, target="/etc/hostname"),
    member("tiny-bin/a.bin", kind=tarfile.LNKTYPE, target="../evil"),
    member("tiny-bin/fifo", kind=tarfile.FIFOTYPE),
    member("tiny-bin/device", kind=tarfile.CHRTYPE),
]


@pytest.mark.parametrize("evil", EVIL, ids=lambda evil: f"{evil[0].name}-{evil[0].type.decode()}")
def test_an_archive_that_reaches_outside_is_refused(server, tmp_path, evil):
    server.body = archive(*GOOD, evil)
    with pytest.raises(
        DataError, match=r"tiny\.tar\.gz holds '.*', a link, a device or a path outside: do not trust it"
    ):
        fetch(source(server, server.body), tmp_path / "inner" / "tiny-bin")
    assert list(tmp_path.rglob("*")) == [tmp_path / "inner"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (archive(*GOOD[:2]), r"tiny\.tar\.gz lacks b\.bin: name another mirror with --url"),
        (archive(*GOOD[:2], member("tiny-bin/b.bin", b"short")), r"lacks b\.bin"),
        (archive(*GOOD[:2], member("other/b.bin", CONTENTS["b.bin"])), r"lacks b\.bin"),
        (b"no archive", r"tiny\.tar\.gz does not unpack \(.*\): name another mirror"),
        (BODY[: len(BODY) // 2], r"tiny\.tar\.gz does not unpack \("),
        (gzip.compress(b"no tar"), r"tiny\.tar\.gz does not unpack \("),
    ],
)
def test_an_archive_that_is_not_the_set_is_refused(tmp_path, body, text):
    (tmp_path / ARCHIVE).write_bytes(body)
    with pytest.raises(DataError, match=text) as caught:
        unpack(tmp_path / ARCHIVE, LAYOUT)
    assert "\n" not in str(caught.value)


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_command_downloads_cifar10_once_and_notices_a_later_edit(server, tmp_path, monkeypatch):
    records = bytes(3 * 3073)
    server.body = archive(*(member(f"cifar-10-batches-bin/{name}", records) for name in cifar.CIFAR10.sizes))
    md5 = {"cifar-10-binary.tar.gz": hashlib.md5(server.body).hexdigest()}
    small = replace(cifar.CIFAR10, sizes=dict.fromkeys(cifar.CIFAR10.sizes, len(records)))
    monkeypatch.setattr(cifar, "RECORDS", 3)
    monkeypatch.setattr(cifar, "CIFAR10", small)
    monkeypatch.setitem(SOURCES, "cifar10", Source(small, "http://127.0.0.1:9", md5))
    command = ("cifar10", "--data", tmp_path, "--url", f"{server.address}/cifar-10-binary.tar.gz")

    first = run(*command)
    assert (first.exit_code, first.stdout) == (0, f"cifar10: CIFAR-10 (official) in {tmp_path}/cifar-10-batches-bin\n")
    assert run(*command).stdout == f"already there: {first.stdout}"
    assert server.asked == ["/files/cifar-10-binary.tar.gz"]

    (tmp_path / "cifar-10-batches-bin" / "test_batch.bin").write_bytes(b"\1" + records[1:])
    listed = run("--data", tmp_path)
    assert listed.exit_code == 2
    assert listed.stderr.startswith(
        f"error: {tmp_path}/cifar-10-batches-bin/test_batch.bin has changed since it was downloaded"
    )
    assert [line.partition(":")[0] for line in listed.stdout.splitlines()] == ["looking in", "mnist", "embedded"]
    assert run(*command).stdout == first.stdout
    assert len(server.asked) == 2


def test_the_command_downloads_the_four_files_of_mnist(server, tmp_path, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    server.answers = ["missing"]
    result = run("mnist", "--data", tmp_path / "new", "--url", server.address)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].startswith(
        f"error: {server.address}/train-images-idx3-ubyte.gz was not downloaded"
    )
    assert list((tmp_path / "new").iterdir()) == []
    server.answers = ["whole"]
    md5 = dict.fromkeys(SOURCES["mnist"].md5, hashlib.md5(BODY).hexdigest())
    fetch(Source(SOURCES["mnist"].layout, server.address, md5), tmp_path / "mnist")
    assert files(tmp_path / "mnist") == dict.fromkeys(md5, BODY)


def test_the_command_lists_what_is_there(tmp_path, monkeypatch):
    monkeypatch.setenv("FXP_DATA", str(tmp_path))
    monkeypatch.setattr("sims.datasets.folders.cache", lambda: tmp_path / "cache")
    result = run()
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"looking in: {tmp_path}, {tmp_path}/cache",
        "cifar10: absent; get it with: python -m sims.datasets cifar10",
        "mnist: absent; get it with: python -m sims.datasets mnist",
        "embedded: embedded synthetic set, drawn from a seed, always there",
    ]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ("--url", "http://127.0.0.1:9"),
            "error: url='http://127.0.0.1:9' is given without a set: say cifar10 or mnist first",
        ),
        (("svhn",), "'svhn' is not one of 'cifar10', 'mnist'"),
    ],
)
def test_a_wrong_command_line_ends_with_code_2_and_a_clear_line(arguments, text):
    result = run(*arguments)
    assert result.exit_code == 2
    assert text in result.stderr.splitlines()[-1]
