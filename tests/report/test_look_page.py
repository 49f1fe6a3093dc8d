import json
import re
from base64 import b64decode
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import binomtest

from uqgen.conditioning.condition import Condition
from uqgen.evaluation.look import MixedImages
from uqgen.report.look_page import COLUMNS, About, write_look_page

N, SIDE = 12, 8
NAMES = ("cat </script>", "dog & 'é'")


class Elements(HTMLParser):
    """The attributes of every element, and the text in the one that holds the data."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.data, self.last = [], "", {}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.last = dict(attrs)
        self.elements.append((tag, self.last))

    def handle_data(self, data):
        if self.last.get("class") == "data":
            self.data += data

    def handle_endtag(self, tag):
        self.last = {}


@pytest.fixture(params=[1, 3])
def mixed(request):
    x = torch.randint(256, (N, request.param, SIDE, SIDE), dtype=torch.uint8)
    condition = Condition(torch.arange(N) % 2, torch.linspace(0.5, 1, N))
    return MixedImages(x, condition, torch.arange(N) % 3 == 0, torch.arange(N) >= N // 3)


@pytest.fixture
def page(mixed, tmp_path):
    write_look_page(tmp_path / "look-7.html", mixed, About("demo", "test", 7, "msp", NAMES))
    return (tmp_path / "look-7.html").read_text(encoding="utf-8")


@pytest.fixture
def data(page):
    return json.loads(Elements(page).data)


def test_it_needs_nothing_but_itself(page):
    elements = Elements(page).elements
    addresses = [attributes[name] for _, attributes in elements for name in ("src", "href") if name in attributes]
    assert len(addresses) == 1  # the images
    assert addresses[0].startswith("data:image/png;base64,")
    assert not re.search(r"https?:|@import|url\(", page)


def test_one_picture_holds_all_images_as_they_are(page, mixed):
    (source,) = (attributes["src"] for tag, attributes in Elements(page).elements if tag == "img")
    sheet = np.asarray(Image.open(BytesIO(b64decode(source.partition(",")[2]))))
    sheet = sheet.reshape(*sheet.shape[:2], -1).transpose(2, 0, 1)
    assert sheet.shape == (mixed.x.shape[1], -(-N // COLUMNS) * SIDE, COLUMNS * SIDE)
    for index, image in enumerate(mixed.x.numpy()):
        top, left = index // COLUMNS * SIDE, index % COLUMNS * SIDE
        np.testing.assert_array_equal(sheet[:, top : top + SIDE, left : left + SIDE], image)


def test_the_data_say_what_is_shown(data, mixed):
    assert data["about"] == {"run": "demo", "split": "test", "seed": 7}
    assert data["names"] == [NAMES[label] for label in mixed.condition.label.tolist()]
    assert data["side"] == SIDE


def test_the_truth_is_there_and_is_not_to_be_read_at_a_glance(page, data, mixed):
    key = json.loads(b64decode(data.pop("key")))
    assert [truth == "real" for truth in key["truth"]] == mixed.is_real.tolist()
    assert key["certain"] == mixed.is_certain.tolist()
    assert key["score"] == pytest.approx(mixed.condition.score.tolist(), abs=1e-4)
    assert "generated" not in json.dumps(data)


def test_the_intervals_are_of_all_and_of_either_half(data):
    assert data["intervals"].keys() == {"12", "8", "4"}
    for total, intervals in data["intervals"].items():
        expected = [binomtest(right, int(total)).proportion_ci(method="exact") for right in range(int(total) + 1)]
        np.testing.assert_allclose(intervals, expected, atol=1e-4)
