import shutil

import numpy as np
import pytest
from PIL import Image

from uqgen.data.folder import FolderDataModule
from uqgen.settings import SettingError

NAMES = ["ant", "bee", "cat"]


def write(folder, n=10, names=NAMES, start=0):
    """Images that each say their class and which they are."""
    for label, name in enumerate(names):
        (folder / name).mkdir(parents=True)
        for number in range(start, start + n):
            pixels = np.full((8, 8, 3), (label * 50, number, 7), np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


def module(folder, **settings):
    data = FolderDataModule(folder, **{"size": 8, **settings})
    data.setup()
    return data


def pixels(data):
    return [tuple(pixel) for pixel in data.x[:, :, 0, 0].tolist()]


def test_class_folders_are_read_and_split(tmp_path):
    data = module(write(tmp_path / "images"), validation_share=0.2, test_share=0.3)
    assert (data.class_names, data.n_classes, data.shape) == (NAMES, 3, (3, 8, 8))
    splits = (data.train, data.validation, data.test)
    assert [split.label.bincount().tolist() for split in splits] == [[5] * 3, [2] * 3, [3] * 3]
    found = {pixel for split in splits for pixel in pixels(split)}
    assert found == {(label * 50, number, 7) for label in range(3) for number in range(10)}
    for split in splits:
        assert [50 * label for label in split.label.tolist()] == [red for red, _, _ in pixels(split)]


SPLITS = [
    ("train", "validation", "test"),
    ("train", "val", "test"),
    ("train", "valid", "test"),
    ("Train", "VALID", "Test"),
]


@pytest.mark.parametrize("splits", SPLITS)
def test_folders_of_splits_are_taken_as_they_are(tmp_path, splits):
    for start, split in enumerate(splits):
        write(tmp_path / split, start=20 * start)
    data = module(tmp_path)
    for start, split in enumerate((data.train, data.validation, data.test)):
        assert sorted(green for _, green, _ in pixels(split)) == sorted(3 * list(range(20 * start, 20 * start + 10)))


def test_a_missing_split_is_carved_from_train(tmp_path):
    for split in ("train", "test"):
        write(tmp_path / split)
    data = module(tmp_path, validation_share=0.2)
    assert [len(split) for split in (data.train, data.validation, data.test)] == [24, 6, 30]


def test_classes_come_in_the_order_of_the_classifier(tmp_path):
    data = module(write(tmp_path / "images"), class_names=["cat", "ant", "bee"])
    assert data.class_names == ["cat", "ant", "bee"]
    assert [100 if label == 0 else 50 * (label - 1) for label in data.train.label.tolist()] == [
        red for red, _, _ in pixels(data.train)
    ]


def test_a_class_may_be_called_train_and_hidden_folders_are_none(tmp_path):
    names = ["boat", "test", "train"]
    write(tmp_path, names=names)
    (tmp_path / ".hidden").mkdir()
    assert module(tmp_path).class_names == names


def test_what_operating_systems_and_editors_leave_is_no_image(tmp_path, caplog):
    images = write(tmp_path / "images")
    before = module(images)
    for folder in (".ipynb_checkpoints", "__MACOSX/ant", "ant/.ipynb_checkpoints", "bee/__MACOSX"):
        (images / folder).mkdir(parents=True)
        shutil.copy(images / "ant" / "1.png", images / folder / "copy.png")
    for file in ("ant/._1.png", "ant/Thumbs.db", "bee/Desktop.ini", ".DS_Store", "__MACOSX/ant/._1.png"):
        (images / file).write_bytes(b"no image")
    after = module(images)
    assert after.class_names == NAMES
    assert after.identity == before.identity
    assert not caplog.records


def test_files_that_are_left_out_are_told_of(tmp_path, caplog):
    images = write(tmp_path / "images")
    for file in ("ant/a.npy", "ant/b.npy", "bee/more/film.MP4", "bee/readme", "labels.csv", "1.png"):
        (images / file).parent.mkdir(exist_ok=True)
        (images / file).write_bytes(b"no image")
    module(images)
    said = [record.message for record in caplog.records]
    assert said == [
        f"{images}: 4 files left out, since they do not end as images do: .mp4, .npy, without an ending",
        f"{images}: 1 images left out, since they lie in no class folder",
    ]


@pytest.mark.parametrize("ending", ["gif", "avif", "jfif"])
def test_pictures_that_torchvision_leaves_out_are_read(tmp_path, ending):
    images = write(tmp_path / "images")
    Image.new("RGB", (8, 8), "white").save(images / "ant" / f"white.{ending}")
    data = module(images)
    assert sum((255, 255, 255) in pixels(split) for split in (data.train, data.validation, data.test)) == 1


def test_folders_beside_the_splits_are_told_of(tmp_path, caplog):
    for split in ("train", "test", "holdout"):
        write(tmp_path / split)
    module(tmp_path)
    assert "left out, as folders of splits are called otherwise: holdout" in caplog.text


def test_images_beside_the_folders_of_splits_are_told_of(tmp_path, caplog):
    write(tmp_path / "train")
    (tmp_path / "1.PNG").touch()
    (tmp_path / "labels.csv").touch()
    module(tmp_path)
    assert [record.message for record in caplog.records] == [
        f"{tmp_path}: 1 images left out, since they lie in no class folder"
    ]


def test_an_image_in_two_splits_is_told_of(tmp_path, caplog):
    for start, split in enumerate(("train", "test")):
        write(tmp_path / split, start=20 * start)
    module(tmp_path)
    assert not caplog.records
    shutil.copy(tmp_path / "train" / "bee" / "3.png", tmp_path / "test" / "bee" / "same.png")
    shutil.copy(tmp_path / "train" / "bee" / "3.png", tmp_path / "test" / "ant" / "of another class.png")
    module(tmp_path)
    one, same = tmp_path / "test" / "bee" / "same.png", tmp_path / "train" / "bee" / "3.png"
    assert (
        f"1 images are in more than one split, with the same pixels (at this size) and class, such as {one} and {same}"
        in caplog.text
    )


@pytest.mark.parametrize(
    ("folders", "message"),
    [
        (("train", "Train"), "one folder for the train split; it has two, train among them"),
        (("train", "val", "valid"), "one folder for the validation split; it has two, valid among them"),
        (("valid", "test"), "a folder train, too, as it has test, valid"),
    ],
)
def test_splits_that_cannot_be_told_are_refused(tmp_path, folders, message):
    for folder in folders:
        write(tmp_path / folder)
    with pytest.raises(SettingError, match=message):
        FolderDataModule(tmp_path)


def test_splits_without_class_folders_are_no_classes(tmp_path):
    write(tmp_path, names=["Test", "Train", "Valid"])
    with pytest.raises(SettingError, match="a folder of images for each of two classes or more; it has none"):
        FolderDataModule(tmp_path)


def test_what_determines_the_data_is_not_where_they_lie(tmp_path):
    one, same = (module(write(tmp_path / name)) for name in ("one", "same"))
    other = module(write(tmp_path / "other", start=1))
    assert one.identity == same.identity != other.identity


def test_mistakes_are_told_before_anything_is_read(tmp_path):
    images = write(tmp_path / "images")
    split = tmp_path / "split"
    for name, names in {"train": NAMES, "test": [*NAMES[:2], "dog"]}.items():
        write(split / name, names=names)
    linked = write(tmp_path / "linked")
    (linked / "dog").symlink_to("nowhere")
    write(tmp_path / "nested" / "images")
    lonely = write(tmp_path / "lonely")
    (lonely / "empty").mkdir()
    (tmp_path / "nothing").mkdir()
    for settings, message in (
        ({"folder": tmp_path / "nowhere"}, "nowhere: allowed: an existing folder, with a folder of images for each"),
        (
            {"folder": tmp_path / "nothing"},
            "nothing: allowed: a folder of images for each of two classes or more; it has none",
        ),
        ({"folder": tmp_path / "nested"}, "images for each of two classes or more; it has images"),
        ({"folder": linked}, "links that lead to what is there; "),
        ({"folder": images, "class_names": 3}, "class_names=3: allowed: two names or more"),
        ({"folder": lonely}, "images in every class folder (Found no valid file for the classes empty"),
        (
            {"folder": split},
            "test: allowed: a folder with class folders, and with these: ant, bee, cat; it has ant, bee, dog",
        ),
        (
            {"folder": images, "class_names": ["ant", "bee"]},
            "class_names=['ant', 'bee']: allowed: the names of the class folders, in the order of the classifier's",
        ),
    ):
        with pytest.raises(SettingError) as refusal:
            FolderDataModule(**settings)
        assert str(refusal.value).startswith(("folder=", "class_names="))
        assert message in str(refusal.value)
        assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("cache", [True, False])
def test_broken_images_are_named_and_nothing_is_left(tmp_path, cache):
    images = write(tmp_path / "images", n=30)
    (images / "bee" / "5.png").write_bytes(b"no image")
    for number in range(6, 12):
        (images / "bee" / f"{number}.png").unlink()
        (images / "bee" / f"{number}.png").symlink_to("nowhere.png")
    broken = r"\S+images/bee/\d+\.png"
    line = rf"^train={broken}: allowed: an image and its class \(.*\); \d more are refused, too: {broken}, {broken}"
    with pytest.raises(SettingError, match=line):
        module(images, cache=tmp_path / "cache" if cache else None, validation_share=0.01, test_share=0.01)
    assert not [path for path in tmp_path.glob("cache/images/*") if path.is_dir()]


def test_a_class_that_a_split_would_lack_is_refused(tmp_path):
    folder = write(tmp_path / "images", n=40)
    for number in range(2, 40):
        (folder / "bee" / f"{number}.png").unlink()
    with pytest.raises(SettingError, match=r"^train=2 images of bee: allowed: 3 images of every class or more"):
        module(folder)


def test_a_link_that_leads_back_is_refused_and_one_that_leads_elsewhere_followed(tmp_path):
    folder, elsewhere = write(tmp_path / "images"), write(tmp_path / "more", start=10)
    (folder / "ant" / "more").symlink_to(elsewhere / "ant")
    assert sum(len(getattr(module(folder), split)) for split in ("train", "validation", "test")) == 40
    (folder / "bee" / "all").symlink_to(folder)
    with pytest.raises(SettingError, match=r"^folder=.*: allowed: folders that are there once; .* by a link"):
        module(folder)


@pytest.mark.parametrize("n", [3, 5])
def test_every_split_has_an_image_of_a_rare_class(tmp_path, n):
    folder = write(tmp_path / "images", n=40)
    for number in range(n, 40):
        (folder / "bee" / f"{number}.png").unlink()
    data = module(folder)
    counts = [split.label.bincount(minlength=3)[1].item() for split in (data.train, data.validation, data.test)]
    assert min(counts) >= 1
    assert sum(counts) == n
    found = [pixel for split in (data.train, data.validation, data.test) for pixel in pixels(split)]
    assert len(found) == len(set(found)) == 80 + n
