import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch.utils.data import Subset, TensorDataset

from uqgen.data.dataset import DatasetDataModule
from uqgen.data.digits import digits
from uqgen.data.images import read_images
from uqgen.data.items import read_classes
from uqgen.settings import SettingError

N_OF_CLASS = (60, 30, 10)  # of three classes


def numbered(start: int = 0) -> TensorDataset:
    """Images that each say which they are, sorted by class."""
    label = torch.arange(3).repeat_interleave(torch.tensor(N_OF_CLASS))
    number = torch.arange(len(label), dtype=torch.uint8) + start
    return TensorDataset(number[:, None, None, None].expand(-1, 1, 8, 8), label)


def module(train=None, **settings):
    settings = {"size": 8, "channels": 1, "class_names": ["a", "b", "c"], **settings}
    found = DatasetDataModule(numbered() if train is None else train, **settings)
    found.setup()
    return found


def numbers(data):
    return data.x[:, 0, 0, 0].tolist()


def test_what_is_not_given_is_carved_class_by_class():
    data = module(validation_share=0.1, test_share=0.2)
    splits = (data.train, data.validation, data.test)
    assert [split.label.bincount().tolist() for split in splits] == [[42, 21, 7], [6, 3, 1], [12, 6, 2]]
    assert sorted(number for split in splits for number in numbers(split)) == list(range(100))
    first_of_class = torch.tensor([0, 60, 90])
    for split in splits:
        assert split.label.equal(torch.bucketize(torch.tensor(numbers(split)), first_of_class, right=True) - 1)
    assert numbers(data.train) != sorted(numbers(data.train))


def test_what_is_given_is_taken_as_it_is():
    data = module(validation=numbered(50), test=numbered(100))
    found = [sorted(numbers(split)) for split in (data.train, data.validation, data.test)]
    assert found == [list(range(start, start + 100)) for start in (0, 50, 100)]
    only_test = module(test=numbered(100), validation_share=0.25)
    assert (len(only_test.train), len(only_test.validation), len(only_test.test)) == (75, 25, 100)


def test_classes_that_only_the_training_images_have_are_told_of(caplog):
    module(test=Subset(numbered(100), range(60)))
    said = "no images in the test split of these classes, of which it tells nothing: b, c"
    assert [record.message for record in caplog.records] == [said]


def test_the_seed_decides_the_splits_and_nothing_else_does():
    one, same, other = (module(seed=seed) for seed in (0, 0, 1))
    assert numbers(one.train) == numbers(same.train)
    assert set(numbers(one.test)) != set(numbers(other.test))
    limited = module(limit=50)
    assert numbers(limited.train) == numbers(one.train)[:50]
    assert numbers(limited.test) == numbers(one.test)


def test_the_identity_is_that_of_the_pixels_and_classes():
    changed = numbered()
    changed.tensors[1][5] = 1
    contents = [module(train).identity["content"] for train in (numbered(), numbered(), numbered(1), changed)]
    assert contents[0] == contents[1]
    assert len(set(contents)) == 3


def test_classes_listed_by_the_data_set_save_reading_its_images():
    class Listed:
        classes = ["a", "b", "c"]
        targets = numbered().tensors[1].tolist()
        read = 0

        def __len__(self):
            return 100

        def __getitem__(self, index):
            self.read += 1
            return np.full((8, 8), index, np.uint8), self.targets[index]

    listed = Listed()
    data = module(listed, class_names=None)
    assert data.class_names == ["a", "b", "c"]
    assert listed.read == 100
    assert numbers(data.test) == numbers(module().test)


REFUSED = [
    ({"class_names": None}, "class_names=[]: allowed: two names or more"),
    ({"class_names": ["a", "a", "b"]}, "class_names=['a', 'a', 'b']: allowed"),
    ({"class_names": ["a", "b"]}, " of class 2: allowed: classes from 0 to 1, as there are 2 class_names"),
    ({"class_names": "abc"}, "class_names=abc: allowed: two names or more"),
    ({"class_names": ["a", "b", "c", "d"]}, "class_names=['a', 'b', 'c', 'd']: allowed: names of classes that have "),
    ({"class_names": ["a", "b", "c", "d"], "limit": 50}, "training images; there is none of d"),
    ({"limit": 1}, "limit=1: allowed: enough training images of every class; there is none of "),
    ({"test_share": 0.9, "validation_share": 0.9}, "validation_share=0.9: allowed: a share that leaves images of "),
    ({"test_share": 2}, "test_share=2: allowed: a number from 0.01 to 0.9"),
    ({"size": 9}, "size=9: allowed: 8, 10, 12"),
    ({"train": iter(range(3))}, "train=range_iterator: allowed: a map-style data set of (image, class), with __len__ "),
    ({"train": []}, "train=list: allowed: a map-style data set of (image, class), with __len__ and __getitem__, and "),
    ({"test": 3}, "test=int: allowed: a map-style data set"),
    ({"channels": 2}, "channels=2: allowed: 1 for grey, 3 for colour"),
]


@pytest.mark.parametrize(("settings", "message"), REFUSED, ids=[message[:20] for _, message in REFUSED])
def test_what_cannot_be_is_refused_in_one_line(settings, message):
    with pytest.raises(SettingError) as refusal:
        module(**settings)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


IMAGE = np.zeros((8, 8), np.uint8)


@pytest.mark.parametrize("given", [2.0, True, np.int8(2), torch.tensor(2), torch.tensor([2]), np.array([2.0])])
def test_a_class_may_be_any_number_that_is_an_integer(given):
    found = read_classes([(IMAGE, given)] * 3, "train")
    assert found.dtype == np.int64
    assert (found == np.asarray(given)).all()


@pytest.mark.parametrize(
    ("item", "why"),
    [
        ((IMAGE, 0.7), "a class is an integer from 0 on, not 0.7"),
        ((IMAGE, -1), "a class is an integer from 0 on, not -1"),
        ((IMAGE, "1"), "a class is an integer from 0 on, not '1'"),
        ((IMAGE, float("nan")), "a class is an integer from 0 on, not nan"),
        ((IMAGE, torch.tensor([0, 1])), r"a class is an integer from 0 on, not tensor\(\[0, 1\]\)"),
        ((IMAGE, None), "a class is an integer from 0 on, not None"),
        ({"image": IMAGE, "label": 1}, r"an item is \(image, class\), not a dict of image, label"),
        ((IMAGE, 1, "more"), r"an item is \(image, class\), not 3 values"),
        (None, r"an item is \(image, class\), not None"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize(
    "read",
    [read_classes, lambda items, name: read_images(items, np.arange(4), 8, 1, name)],
    ids=["classes", "images"],
)
def test_an_item_that_is_no_image_with_a_class_is_named(item, why, read):
    with pytest.raises(
        SettingError, match=rf"^train=image 1: allowed: an image and its class \({why}\); 1 more are .* 3$"
    ):
        read([(IMAGE, 0), item, (IMAGE, 1), item], "train")


@pytest.mark.parametrize("listed", ["0123", [0.5] * 4, [0, 1], torch.eye(4), [[0], [0, 1]], None, [0, -1, 0, 0]])
def test_what_a_data_set_lists_counts_only_where_it_is_classes(listed):
    items = numbered()
    items.targets = listed
    assert read_classes(items, "train").tolist() == items.tensors[1].tolist()


@pytest.mark.parametrize(("white", "is_told"), [(4_095, True), (65_535, False)])
def test_pictures_of_fewer_levels_than_their_type_has_are_told_of(white, is_told, caplog):
    levels = np.random.default_rng(0).integers(0, white + 1, (60, 8, 8), dtype=np.uint16)
    module([(image, place % 3) for place, image in enumerate(levels)])
    assert ("no pixel of 42 training images is brighter than 16 of 255: " in caplog.text) == is_told


@pytest.mark.parametrize("n", [3, 5])
def test_three_images_of_a_class_are_enough(n):
    label = torch.arange(4).repeat(n)
    images = torch.arange(4 * n, dtype=torch.uint8)[:, None, None, None].expand(-1, 1, 8, 8)
    data = module(TensorDataset(images, label), class_names=list("abcd"))
    found = [split.label.bincount(minlength=4).tolist() for split in (data.train, data.validation, data.test)]
    assert found == [[n - 2] * 4, [1] * 4, [1] * 4]


def test_digits_are_those_of_scikit_learn():
    images, label = digits().tensors
    expected = load_digits()
    np.testing.assert_allclose(images[:, 0].numpy() / 255 * 16, expected.images, atol=0.04)
    assert label.tolist() == expected.target.tolist()
    assert (images.dtype, int(images.max())) == (torch.uint8, 255)
