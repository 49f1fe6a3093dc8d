"""Images are decoded once, by several processes, and mapped into memory afterwards."""

import errno
import os
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torchvision.datasets import ImageFolder
from torchvision.transforms import RandomInvert

from uqgen.data import images as reading
from uqgen.data import kept_images
from uqgen.data.corruption import Corruption
from uqgen.data.folder import FolderDataModule
from uqgen.data.kept_images import decoded
from uqgen.settings import SettingError

SPLITS = ("train", "validation", "test")
linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems do not list what is mapped")


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        place = tmp_path / "images" / name
        place.mkdir(parents=True)
        for i in range(30):
            Image.fromarray(rng.integers(0, 256, (20, 24, 3), dtype=np.uint8)).save(place / f"{i}.png")
    return tmp_path / "images"


def module(folder, cache, **settings):
    data = FolderDataModule(folder, size=8, cache=cache, **settings)
    data.setup()
    return data


def same(one, other):
    return all(
        getattr(one, split).x.equal(getattr(other, split).x)
        and getattr(one, split).label.equal(getattr(other, split).label)
        for split in SPLITS
    )


@pytest.fixture
def counted(monkeypatch):
    """Files that were opened in this process."""
    opened, fit = [], reading.fit_image
    monkeypatch.setattr(reading, "fit_image", lambda *args: opened.append(1) or fit(*args))
    return opened


def test_kept_images_are_those_that_were_read_and_nothing_is_decoded_again(folder, tmp_path, counted):
    plain = module(folder, None)
    assert len(counted) == 60
    first, second = module(folder, tmp_path / "cache"), module(folder, tmp_path / "cache")
    assert len(counted) == 120
    assert same(plain, first)
    assert same(plain, second)
    assert plain.identity == first.identity == second.identity
    assert plain.members()["train"].digest.equal(second.members()["train"].digest)


def test_corrupted_images_are_mapped_too_and_made_once(folder, tmp_path, monkeypatch):
    expected = module(folder, None, corruption=Corruption(seed=3))
    made, corrupt = [], Corruption.__call__
    monkeypatch.setattr(Corruption, "__call__", lambda *args, **into: made.append(1) or corrupt(*args, **into))
    found = [module(folder, tmp_path / "cache", corruption=Corruption(seed=3)) for _ in range(2)]
    assert len(made) == len(SPLITS)
    for data in found:
        assert same(expected, data)
        assert expected.train.severity.equal(data.train.severity)
    other = module(folder, tmp_path / "cache", corruption=Corruption(seed=3, share=0.9))
    assert not same(expected, other)


def test_a_file_that_changed_is_decoded_again(folder, tmp_path, counted):
    before = module(folder, tmp_path / "cache")
    path = folder / "a" / "3.png"
    Image.new("RGB", (20, 20), "white").save(path)
    os.utime(path, ns=(0, 0))
    after = module(folder, tmp_path / "cache")
    assert len(counted) > 60
    assert not same(before, after)
    assert same(after, module(folder, None))


def test_other_sizes_and_seeds_have_files_of_their_own(folder, tmp_path):
    cache = tmp_path / "cache"
    modules = [module(folder, cache), module(folder, cache, channels=1), module(folder, cache, seed=1)]
    kept = [path for path in (cache / "images").iterdir() if path.is_dir()]
    assert len(kept) == 3 * len(modules)


def test_what_is_kept_is_mapped_and_a_change_stays_in_the_program(folder, tmp_path):
    data = module(folder, tmp_path / "cache")
    before = data.train.x.clone()
    data.train.x[0] = 0
    again = module(folder, tmp_path / "cache")
    assert again.train.x.equal(before)


def is_mapped(x, cache):
    start = x.data_ptr() & ~0xFFF  # of its page
    (line,) = (line for line in Path("/proc/self/maps").read_text().splitlines() if line.startswith(f"{start:x}-"))
    return str(cache / "images") in line


@linux
@pytest.mark.parametrize("corruption", [None, Corruption()])
def test_what_is_kept_takes_no_memory_of_its_own(folder, tmp_path, corruption):
    data = module(folder, tmp_path / "cache", corruption=corruption)
    assert is_mapped(data.train.x, tmp_path / "cache")


@linux
@pytest.mark.parametrize("corruption", [None, Corruption()])
def test_neither_do_a_runs_own_splits_of_a_folder_that_changed(folder, tmp_path, corruption, counted):
    before = module(folder, None, corruption=corruption)
    Image.new("RGB", (20, 20), "white").save(folder / "a" / "10-new.png")
    changed = module(folder, tmp_path / "cache", corruption=corruption)
    assert not same(before, changed)
    changed.keep(before.members())
    assert same(before, changed)
    assert is_mapped(changed.train.x, tmp_path / "cache")
    counted.clear()
    again = module(folder, tmp_path / "cache", corruption=corruption)
    again.keep(before.members())
    assert same(before, again)
    assert not counted


def test_several_processes_read_what_one_reads(folder, monkeypatch):
    alone = module(folder, None)
    monkeypatch.setattr(reading, "MANY", 10)
    monkeypatch.setattr(reading, "READ_AT_ONCE", 7)
    assert same(alone, module(folder, None))
    broken = folder / "b" / "5.png"
    broken.write_bytes(b"no image")
    with pytest.raises(SettingError, match=f"^train={broken}: allowed: an image and its class"):
        module(folder, None)


def test_programs_that_start_at_once_decode_once(folder, tmp_path, counted):
    threads = [threading.Thread(target=module, args=(folder, tmp_path / "cache")) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(counted) == 60


def test_what_was_broken_off_is_no_cache(folder, tmp_path, monkeypatch):
    def breaks_off(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(kept_images, "_digests", breaks_off)
        with pytest.raises(KeyboardInterrupt):
            module(folder, tmp_path / "cache")
    assert same(module(folder, tmp_path / "cache"), module(folder, None))


@linux
def test_a_full_disk_is_told_by_an_error_and_nothing_is_left(folder, tmp_path, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)  # writing into a mapped file would be a SIGBUS
    with pytest.raises(OSError, match=r"No space left on device: .*images\.npy"):
        module(folder, tmp_path / "cache")
    assert not [path for path in (tmp_path / "cache" / "images").iterdir() if path.is_dir()]


class Brighter(ImageFolder):
    def __getitem__(self, index):
        image, label = super().__getitem__(index)
        return image.point(lambda level: min(level + 60, 255)), label


class Own:
    """A data set with an attribute of its own kind that is called as torchvision's list of files is."""

    def __init__(self, samples):
        self.samples = samples

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return np.full((8, 8), 40 * index, dtype=np.uint8), index % 2


@pytest.mark.parametrize(
    "changed", [{"transform": RandomInvert(p=1.0)}, {"loader": lambda path: Image.new("L", (8, 8))}]
)
def test_what_a_transform_or_code_of_ones_own_makes_of_files_is_not_kept(tmp_path, changed):
    for label in "ab":
        (tmp_path / "images" / label).mkdir(parents=True)
        Image.new("L", (8, 8), 90).save(tmp_path / "images" / label / "1.png")
    root, index, cache = str(tmp_path / "images"), np.arange(2), tmp_path / "cache"
    plain = decoded(ImageFolder(root), index, 8, 1, "data", cache).x
    assert plain.unique().tolist() == [90]
    assert len([*cache.glob("*.lock")]) == 1
    assert not decoded(ImageFolder(root, **changed), index, 8, 1, "data", cache).x.equal(plain)
    assert decoded(Brighter(root), index, 8, 1, "data", cache).x.unique().tolist() == [150]
    assert len([*cache.glob("*.lock")]) == 1  # nothing else was kept


@pytest.mark.parametrize("samples", [[("a.png", 0, "more")] * 4, ["a.png"], {"a": 1}, 4, []])
def test_an_attribute_called_samples_of_another_kind_has_no_say(tmp_path, samples):
    found = decoded(Own(samples), np.arange(4), 8, 1, "data", tmp_path / "cache")
    assert found.x[:, 0, 0, 0].tolist() == [0, 40, 80, 120]
