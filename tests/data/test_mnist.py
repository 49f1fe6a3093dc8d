import numpy as np
import pytest
import torch

from uqgen.data.corruption import Corruption
from uqgen.data.mnist import MNISTDataModule
from uqgen.data.mnist_files import MNIST_FILES
from uqgen.settings import SettingError


@pytest.fixture(scope="module")
def whole(mnist_folder):
    module = MNISTDataModule(mnist_folder)
    module.prepare_data()
    module.setup()
    return module


def set_up(folder, **settings):
    module = MNISTDataModule(folder, **settings)
    module.setup()
    return module


def digits(data):
    """The 28 x 28 pixels in the middle, each image as one hashable row."""
    rows = data.x[:, 0, 2:-2, 2:-2].reshape(len(data), -1).numpy()
    return [row.tobytes() for row in rows]


def positions(data, folder, train):
    """Where each (clean) image lies in its file."""
    images, _labels = MNIST_FILES.read(folder, train)
    where = {image.tobytes(): position for position, image in enumerate(images.numpy())}
    return np.array([where[digit] for digit in digits(data)])


def test_sizes_shapes_and_types(whole):
    assert [len(split) for split in (whole.train, whole.validation, whole.test)] == [55_000, 5_000, 10_000]
    assert (whole.n_classes, whole.shape, whole.is_image) == (10, (1, 32, 32), True)
    assert whole.class_names == list("0123456789")
    for split in (whole.train, whole.validation, whole.test):
        assert (split.x.shape[1:], split.x.dtype, split.label.dtype) == ((1, 32, 32), torch.uint8, torch.int64)
        assert len(split.label) == len(split.corruption) == len(split.severity) == len(split.x)
        assert not split.corruption.any()
        assert not split.severity.any()


def test_train_and_validation_are_the_60000_and_test_is_the_10000(whole, mnist_folder):
    for splits, train in (((whole.train, whole.validation), True), ((whole.test,), False)):
        images, labels = MNIST_FILES.read(mnist_folder, train)
        found = np.concatenate([positions(split, mnist_folder, train) for split in splits])
        np.testing.assert_array_equal(np.sort(found), np.arange(len(images)))
        assert torch.cat([split.label for split in splits]).equal(labels[found])


def test_padding_centres_the_digit_on_black(whole, mnist_folder):
    images, _labels = MNIST_FILES.read(mnist_folder, train=False)
    assert whole.test.x[:, 0, 2:30, 2:30].equal(images)
    frame = whole.test.x.clone()
    frame[:, :, 2:30, 2:30] = 0
    assert not frame.any()
    assert whole.test[[0]].x[0, 0, 0].eq(-1).all()


def test_validation_is_drawn_at_random(whole, mnist_folder):
    places = positions(whole.validation, mnist_folder, train=True)
    # 5,000 of 60,000 without replacement: the mean place has a standard deviation of about 240.
    assert abs(places.mean() - 30_000) < 1_000
    assert whole.validation.label.bincount(minlength=10).min() > 350


def test_the_seed_alone_decides_what_is_validation(mnist_folder, whole):
    same, other = (set_up(mnist_folder, seed=seed, limit=500) for seed in (0, 1))
    assert same.validation.x.equal(whole.validation.x[:500])
    n_common = len(set(digits(other.validation)) & set(digits(whole.validation)))
    assert n_common < 100  # 500 of which 1 in 12 is expected
    assert other.test.x.equal(whole.test.x[:500])


def test_limit_keeps_the_first_of_each_split(mnist_folder, whole):
    limited = set_up(mnist_folder, limit=7)
    for part, all_of_it in ((limited.train, whole.train), (limited.test, whole.test)):
        assert len(part) == 7
        assert part.x.equal(all_of_it.x[:7])
        assert part.label.equal(all_of_it.label[:7])


def test_corruption_belongs_to_the_place_in_the_file_whatever_the_split(mnist_folder, whole):
    corrupt = Corruption(seed=4)
    module = set_up(mnist_folder, corruption=corrupt, limit=400)
    for name, train, stream in (("train", True, 0), ("validation", True, 0), ("test", False, 1)):
        clean, corrupted = getattr(whole, name).subset(slice(400)), getattr(module, name)
        index = positions(clean, mnist_folder, train)
        expected = corrupt(clean.x[:, 0].numpy(), index, stream)
        assert corrupted.x[:, 0].equal(torch.from_numpy(expected.images))
        assert corrupted.corruption.tolist() == expected.corruption.tolist()
        assert corrupted.severity.tolist() == expected.severity.tolist()
        assert corrupted.label.equal(clean.label)
        untouched = corrupted.corruption == 0
        assert corrupted.x[untouched].equal(clean.x[untouched])
        assert 100 < untouched.sum() < 300


def test_setting_up_twice_changes_nothing(whole):
    train = whole.train
    whole.setup("test")
    assert whole.train is train


@pytest.mark.parametrize(
    "setting",
    [{"n_validation": 0}, {"n_validation": 60_000}, {"limit": 0}, {"batch_size": -3}, {"seed": 1.5}, {"seed": True}],
)
def test_settings_out_of_range_are_refused(setting):
    (name,) = setting
    with pytest.raises(SettingError, match=f"^{name}="):
        MNISTDataModule(**setting)
