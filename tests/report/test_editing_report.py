import pytest

from uqgen.report.editing_report import _stem


@pytest.mark.parametrize(
    ("image", "stem"), [(3, "3"), ("a/b/cat.png", "cat"), ("x/my <cat>$1.png", "my_cat_1"), ("été.jpg", "été")]
)
def test_files_are_called_after_an_image(image, stem):
    assert _stem(image) == stem


def test_long_names_stay_short_and_apart():
    first, second = (_stem("猫" * 200 + end) for end in "ab")
    assert first != second
    assert len(f"between_{first}_{second}.json".encode()) < 255
