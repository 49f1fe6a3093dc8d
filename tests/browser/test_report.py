"""A report as a browser shows it: from disk, on a phone, and in print."""

from io import BytesIO

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from uqgen.report.page import FigureBlock, Paragraph, Section, Table, write_page
from uqgen.report.score_slider import ScoreSlider, Strip

SHADES = (10, 120, 240)  # of the three images of a strip
SIDE = 16


def strip(name, said):
    buffer = BytesIO()
    sheet = np.repeat(np.array(SHADES, np.uint8), SIDE)[None].repeat(SIDE, axis=0)
    Image.fromarray(sheet).save(buffer, "PNG")
    return Strip(name, buffer.getvalue(), said, (0.91, 0.52, 0.33))


@pytest.fixture
def report(tmp_path, opened):
    strips = [strip("three", ("three", "three", "eight")), strip("eight", ("eight", "eight", "eight"))]
    wide = Table([f"column {n}" for n in range(12)], [["0.123 [0.100, 0.150]"] * 12], "A caption of many words " * 8)
    sections = [
        Section("Slider", [ScoreSlider("MSP", (1.0, 0.6, 0.3), strips, SIDE, "caption")]),
        Section("Table", [wide, Paragraph("text")]),
        Section("Figure", [FigureBlock(Figure(figsize=(8, 2)), "A caption of many words " * 8, "nothing")]),
    ]
    write_page(tmp_path / "report.html", "Title", "Summary", sections)
    opened.page.goto((tmp_path / "report.html").as_uri())
    return opened


def shade(page):
    """The grey of the middle of the first window."""
    shot = Image.open(BytesIO(page.locator(".window").first.screenshot())).convert("L")
    return shot.getpixel((shot.width // 2, shot.height // 2))


def test_the_slider_moves_the_images_and_says_the_score(report):
    page = report.page
    slider, said = page.locator("input[type=range]"), page.locator(".strip span").first
    assert (shade(page), page.locator("output").inner_text(), said.inner_text()) == (10, "1.00", "three · 0.91")
    slider.focus()
    for step, (score, words) in enumerate([("0.60", "three · 0.52"), ("0.30", "eight · 0.33")], start=1):
        page.keyboard.press("ArrowRight")
        assert (shade(page), page.locator("output").inner_text(), said.inner_text()) == (SHADES[step], score, words)
        assert slider.get_attribute("aria-valuetext") == score
    assert "other" in said.get_attribute("class")
    assert "other" not in (page.locator(".strip span").last.get_attribute("class") or "")
    box = slider.bounding_box()
    page.mouse.click(box["x"] + 2, box["y"] + box["height"] / 2)
    assert (shade(page), page.locator("output").inner_text()) == (10, "1.00")


def test_it_complains_of_nothing_and_asks_for_nothing_but_itself(report):
    assert report.errors == []
    assert [address.rpartition("/")[2] for address in report.addresses] == ["report.html"]


def test_a_phone_of_320_pixels_shows_the_whole_width(report):
    report.page.set_viewport_size({"width": 320, "height": 600})
    assert report.page.evaluate("document.documentElement.scrollWidth") == 320
    caption = report.page.locator("caption").bounding_box()
    assert caption["x"] + caption["width"] <= 320
    assert shade(report.page) == 10


def test_a_phone_shows_a_figure_large_enough_to_be_read_and_its_caption_whole(report):
    report.page.set_viewport_size({"width": 320, "height": 600})
    assert report.page.locator("figure > img").bounding_box()["width"] > 500
    assert report.page.locator("figure.sweep").evaluate("figure => getComputedStyle(figure).overflowX") == "visible"
    caption = report.page.locator("figcaption").last.bounding_box()
    assert caption["x"] >= 0
    assert caption["x"] + caption["width"] <= 320


def test_print_shows_whole_strips_in_place_of_the_slider(report):
    report.page.emulate_media(media="print")
    assert not report.page.locator("input[type=range]").is_visible()
    assert report.page.get_by_text("from left to right: 1.00 to 0.30").is_visible()
    shot = Image.open(BytesIO(report.page.locator(".strip img").first.screenshot())).convert("L")
    thirds = [shot.getpixel((int(shot.width * (2 * n + 1) / 6), shot.height // 2)) for n in range(3)]
    assert thirds == list(SHADES)


def test_without_scripts_too(report, chromium):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.page.url)
    assert not page.locator("input[type=range]").is_visible()
    image = page.locator(".strip img").first.bounding_box()
    assert image["width"] == pytest.approx(3 * image["height"], rel=0.05)
    context.close()
