"""Names of what is done with given images."""

from dataclasses import replace

import pytest

from uqgen.explanation.editing_settings import EditingSettings
from uqgen.run_reports.editing import _name, _stem


def test_no_two_images_and_no_two_settings_share_a_name(tmp_path):
    files = [tmp_path / folder / "0.png" for folder in "ab"]
    for number, file in enumerate(files):
        file.parent.mkdir()
        file.write_bytes(bytes([number]))
    settings = EditingSettings()
    given = [str(file) for file in files] + [0]
    names = [_name("image", [each], settings) for each in given]
    names += [_name("image", [0], replace(settings, **{key: 7})) for key in ("n_scores", "seed", "n_editing_steps")]
    assert all(name.startswith("image_0-") for name in names)
    assert len(set(names)) == len(names)
    assert _name("image", [given[0]], settings) == names[0]
    files[0].write_bytes(b"edited since")
    assert _name("image", [given[0]], settings) != names[0]


@pytest.mark.parametrize(
    ("image", "stem"), [(3, "3"), ("a/b/cat.png", "cat"), ("x/my <cat>$1.png", "my_cat_1"), ("été.jpg", "été")]
)
def test_files_are_called_after_an_image(image, stem):
    assert _stem(image) == stem


def test_long_names_stay_short_and_apart():
    first, second = (_stem("猫" * 200 + end) for end in "ab")
    assert first != second
    assert len(f"between_{first}_{second}.json".encode()) < 255
