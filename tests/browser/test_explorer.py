"""The explorer as its users meet it: real clicks in a real browser."""

import socket
from dataclasses import replace

import pytest
from torch import nn

import uqgen
from uqgen.app import ADDRESS, explorer, serve
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.settings import SettingError

pytest.importorskip("gradio", reason="needs pip install 'uqgen[app]'")


class Sharp(nn.Module):
    """A network that is surer of everything, so that what it says of two images differs to the per cent."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        return 100 * self.network(x)


@pytest.fixture(scope="module")
def run(tiny_run):
    run = uqgen.load(tiny_run)
    target = FrozenClassifier(Sharp(run.classifiers.target.network))
    return replace(run, classifiers=replace(run.classifiers, target=target))


@pytest.fixture(scope="module")
def port(run, chromium):
    with socket.socket() as free:
        free.bind((ADDRESS, 0))
        number = free.getsockname()[1]
    page = explorer(run)
    serve(page, number, wait=False)
    yield number
    page.close()


@pytest.fixture
def shown(port, opened):
    opened.page.goto(f"http://{ADDRESS}:{port}")
    opened.page.locator(".pixels img").nth(7).wait_for(timeout=60_000)
    return opened


def captions(page):
    return page.locator(".pixels .caption-label").all_inner_texts()


def heading(page):
    return page.locator("[data-testid=label-output-value]").first.inner_text()


def test_the_images_are_there_at_once_with_what_the_classifier_says(shown, run):
    from uqgen.explorer.gradio_page import answer_shown

    pictures, bars, first = answer_shown(run, 0, 0.65, 1.0, 0, 1)
    assert captions(shown.page) == [caption for _, caption in pictures]
    assert heading(shown.page) == max(first, key=first.get)
    assert first == bars[0]


def test_a_click_on_an_image_shows_its_probabilities(shown, run):
    from uqgen.explorer.gradio_page import answer_shown

    _, bars, first = answer_shown(run, 0, 0.65, 1.0, 0, 1)
    of_first, of_all = f"{max(first.values()):.0%}", [f"{max(one.values()):.0%}" for one in bars]
    other = next(number for number, percent in enumerate(of_all) if percent != of_first)
    shown.page.get_by_text(of_first, exact=True).first.wait_for()
    shown.page.locator(".pixels img").nth(other).click()
    shown.page.get_by_text(of_all[other], exact=True).first.wait_for()


def test_another_seed_makes_other_images(shown):
    before = captions(shown.page)
    seed = shown.page.get_by_label("Seed", exact=True)
    seed.fill("11")
    seed.press("Tab")
    shown.page.wait_for_function(
        "before => [...document.querySelectorAll('.pixels .caption-label')].map(e => e.innerText).join() !== before",
        arg=",".join(before),
    )


def test_no_guidance_makes_other_images(shown, run):
    from uqgen.explorer.gradio_page import answer_shown

    slider = shown.page.get_by_label("number input for Guidance")
    slider.fill("0")
    slider.press("Tab")
    expected = [caption for _, caption in answer_shown(run, 0, 0.65, 0, 0, 1)[0]]
    shown.page.wait_for_function(
        "said => [...document.querySelectorAll('.pixels .caption-label')].map(e => e.innerText).join() === said",
        arg=",".join(expected),
    )


def upload(page, run, folder):
    """Shows the explorer an image; returns it, and the field that says what the classifier says of it."""
    from torchvision.transforms.v2.functional import to_pil_image

    picture = to_pil_image(run.experiment.data.test.x[0])
    picture.save(folder / "picture.png")
    page.get_by_role("tab", name="Your image").click()
    page.locator("input[type=file]").first.set_input_files(folder / "picture.png")
    said = page.get_by_label("Predicted class and MSP achieved", exact=True)
    page.wait_for_function("field => field.value !== ''", arg=said.element_handle())
    return picture, said


def test_an_image_of_one_s_own_is_scored(shown, run, tmp_path):
    from uqgen.explorer.gradio_page import picture_shown

    picture, said = upload(shown.page, run, tmp_path)
    assert said.input_value() == picture_shown(run, picture)[1]


def test_an_image_of_one_s_own_is_edited_by_a_click(shown, run, tmp_path):
    from uqgen.explorer.gradio_page import edited_shown

    picture, _ = upload(shown.page, run, tmp_path)
    shown.page.get_by_role("button", name="Edit it to this MSP").click()
    once_edited = shown.page.get_by_label("Once edited: predicted class and MSP achieved")
    shown.page.wait_for_function("field => field.value !== ''", arg=once_edited.element_handle(), timeout=120_000)
    assert once_edited.input_value() == edited_shown(run, picture, 0.65)[1]


def test_a_phone_shows_every_image_and_scrolls_in_one_direction_alone(shown):
    shown.page.set_viewport_size({"width": 390, "height": 800})
    assert shown.page.evaluate("document.documentElement.scrollWidth") == 390
    frame = shown.page.locator(".pixels").first.bounding_box()
    boxes = [image.bounding_box() for image in shown.page.locator(".pixels .grid-container img").all()]
    assert len(boxes) == 8
    for box in boxes:
        assert frame["x"] <= box["x"]
        assert box["x"] + box["width"] <= frame["x"] + frame["width"]
        assert box["y"] + box["height"] <= frame["y"] + frame["height"]
    assert len({(round(box["x"]), round(box["y"])) for box in boxes}) == 8


def test_the_page_says_what_the_score_is(shown):
    assert shown.page.get_by_text("MSP is the maximum softmax probability").is_visible()


def test_nothing_leaves_the_machine_and_nothing_goes_wrong(shown, port):
    assert shown.errors == []
    assert {address for address in shown.addresses if not address.startswith(f"http://{ADDRESS}:{port}/")} == set()


def test_a_port_that_is_taken_is_refused(port, run):
    page = explorer(run)
    with pytest.raises(SettingError, match=f"^port={port}: allowed: a port that nobody listens on"):
        serve(page, port, wait=False)
