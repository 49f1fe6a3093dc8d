"""The page that asks which images are real, answered as a person does."""

import json
from io import BytesIO

import pytest
import torch
from PIL import Image
from scipy.stats import binomtest

from uqgen.conditioning.condition import Condition
from uqgen.evaluation.look import MixedImages
from uqgen.report.look_page import About, write_look_page

N, SIDE = 24, 16
IS_REAL = torch.rand(N, generator=torch.Generator().manual_seed(0)).argsort() < N // 2
IS_CERTAIN = torch.arange(N) % 4 < 2
SHADES = torch.arange(N) * 10  # of each image


@pytest.fixture
def look(tmp_path, opened):
    x = SHADES.to(torch.uint8)[:, None, None, None].expand(-1, 1, SIDE, SIDE)
    condition = Condition(torch.arange(N) % 2, torch.where(IS_CERTAIN, 0.99, 0.6))
    mixed = MixedImages(x, condition, IS_REAL, IS_CERTAIN)
    write_look_page(tmp_path / "look-0.html", mixed, About("demo", "test", 0, "msp", ("cat", "dog")))
    opened.page.goto((tmp_path / "look-0.html").as_uri())
    opened.page.wait_for_selector(".ask canvas")
    return opened


def answer(page, words):
    for word in words:
        page.keyboard.press({"real": "r", "generated": "g"}[word])


def truth():
    return ["real" if is_real else "generated" for is_real in IS_REAL.tolist()]


def result(page):
    return json.loads(page.locator("textarea").input_value())


def shade(locator):
    shot = Image.open(BytesIO(locator.screenshot())).convert("L")
    return shot.getpixel((shot.width // 2, shot.height // 2))


def test_it_counts_and_says_what_was_predicted_as_what(look):
    page = look.page
    words = truth()
    wrong = [3, 8, 9, 15, 21]
    for index in wrong:
        words[index] = "generated" if words[index] == "real" else "real"
    answer(page, words)
    found = result(page)
    assert (found["truth"], found["answers"]) == (truth(), words)
    assert (found["run"], found["split"], found["seed"]) == ("demo", "test", 0)
    n_wrong = {"all": 5, "certain": sum(IS_CERTAIN[wrong].tolist())}
    n_wrong["uncertain"] = 5 - n_wrong["certain"]
    for name, part in found["right"].items():
        of = N if name == "all" else N // 2
        assert (part["right"], part["of"]) == (of - n_wrong[name], of)
        expected = binomtest(part["right"], of).proportion_ci(method="exact")
        assert (part["low"], part["high"]) == pytest.approx(tuple(expected), abs=1e-4)
    row = page.locator("tbody tr").first.inner_text()
    assert row.split("\t") == ["all, MSP 0.60 to 0.99", "19 of 24", "79 %", "58 % to 93 %", "yes"]
    assert "19 of 24 answers are right" in page.locator(".verdict").inner_text()
    assert "distinguished more often than by chance" in page.locator(".verdict").inner_text()
    for is_real, group in enumerate(("generated", "real")):
        for taken in ("real", "generated"):
            indices = [k for k in range(N) if truth()[k] == group and words[k] == taken]
            place = page.locator(".group").nth((1 - is_real) * 2 + (taken == "generated"))
            assert place.locator("h3").inner_text() == f"{group.capitalize()}, answered {taken}: {len(indices)}"
            assert [shade(tile) for tile in place.locator("canvas").all()] == SHADES[indices].tolist()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["real"] * N, "cannot be distinguished from chance"),
        (None, "mistaken for each other more often than by chance"),
    ],
)
def test_chance_and_worse_than_chance_are_called_so(look, words, said):
    opposite = ["generated" if word == "real" else "real" for word in truth()]
    answer(look.page, words or opposite)
    assert said in look.page.locator(".verdict").inner_text()


def test_buttons_undo_and_other_keys(look):
    page = look.page
    counted, image = page.locator(".count output"), page.locator(".stage canvas")
    assert (counted.inner_text(), shade(image), page.locator(".requested").inner_text()) == ("1 of 24", 0, "class cat")
    assert page.locator(".undo").is_disabled()
    page.get_by_role("button", name="Generated").click()
    assert (counted.inner_text(), shade(image), page.locator(".requested").inner_text()) == ("2 of 24", 10, "class dog")
    for key in ("Control+g", "x"):
        page.keyboard.press(key)
    assert counted.inner_text() == "2 of 24"
    for key in ("Backspace", "Backspace"):
        page.keyboard.press(key)
    assert (counted.inner_text(), shade(image)) == ("1 of 24", 0)
    page.get_by_role("button", name="Real").click()
    page.locator(".undo").click()
    answer(page, truth())
    assert result(page)["right"]["all"]["right"] == N
    for key in ("r", "Backspace", "g", "g"):  # the truth has been seen
        page.keyboard.press(key)
    assert result(page)["answers"] == truth()
    assert page.locator(".ask").is_hidden()


def test_the_result_can_be_taken_along(look):
    answer(look.page, truth())
    with look.page.expect_download() as download:
        look.page.locator(".download").click()
    assert download.value.suggested_filename == "look-demo-0.json"
    assert json.loads(download.value.path().read_text()) == result(look.page)


def test_the_images_are_large_and_sharp(look):
    box = look.page.locator(".stage canvas").bounding_box()
    assert (box["width"], box["height"]) == (320, 320)
    assert look.page.locator(".stage canvas").evaluate("c => getComputedStyle(c).imageRendering") == "pixelated"


def test_a_phone_of_320_pixels_shows_the_question_without_scrolling(look):
    look.page.set_viewport_size({"width": 320, "height": 568})
    assert look.page.evaluate("document.documentElement.scrollWidth") == 320
    answers = look.page.locator(".answers").bounding_box()
    assert answers["y"] + answers["height"] <= 568
    answer(look.page, truth())
    assert look.page.evaluate("document.documentElement.scrollWidth") == 320


def test_it_complains_of_nothing_and_asks_for_nothing_but_itself(look):
    answer(look.page, truth())
    assert look.errors == []
    assert [address.rpartition("/")[2] for address in look.addresses] == ["look-0.html"]
