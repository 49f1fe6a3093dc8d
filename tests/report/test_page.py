import re
from base64 import b64decode
from html.parser import HTMLParser
from io import BytesIO

import pytest
from matplotlib.figure import Figure
from PIL import Image

from uqgen.report.page import Command, FigureBlock, Paragraph, Section, Table, write_page
from uqgen.settings import SettingError

NASTY = "<script>alert(\"x\")</script> & 'é'"
VOID = {"meta", "img", "br", "hr", "link", "input"}


class Parsed(HTMLParser):
    """The elements of a page, its visible text, and whether every element is closed in order."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.text, self.open = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def figure():
    made = Figure(figsize=(4, 3))
    made.subplots().plot([0, 1], [0, 1])
    return made


@pytest.fixture
def page(tmp_path):
    sections = [
        Section(
            f"First {NASTY}",
            [
                Paragraph(f"Paragraph {NASTY}"),
                Table(
                    [f"Header {NASTY}", "MAE"], [[f"Row {NASTY}", f"Cell {NASTY}"], ["b", "0.2"]], f"Caption {NASTY}"
                ),
            ],
        ),
        Section("Second", [FigureBlock(figure(), f"Figure {NASTY}", f"Alt {NASTY}"), FigureBlock(figure(), "", "B")]),
    ]
    write_page(tmp_path / "out" / "report.html", f"Title {NASTY}", f"Summary {NASTY}", sections)
    return (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_all_text_is_escaped_and_arrives(page):
    parsed = Parsed(page)
    assert parsed.all("script") == []
    for part in ("Title", "Summary", "First", "Paragraph", "Header", "Row", "Cell", "Caption", "Figure"):
        assert f"{part} {NASTY}" in parsed.text
    assert parsed.all("img")[0]["alt"] == f"Alt {NASTY}"


def test_needs_nothing_from_elsewhere(page):
    parsed = Parsed(page)
    without_pictures = re.sub(r"base64,[A-Za-z0-9+/=]+", "", page)
    assert not re.search(r"https?:|//|url\(|@import|@font-face", without_pictures)
    assert not {tag for tag, _ in parsed.elements} & {"link", "script", "iframe", "object"}
    for _, attributes in parsed.elements:
        assert attributes.get("src", "data:").startswith("data:")
        assert attributes.get("href", "#").startswith("#")


def test_pictures_are_whole_and_have_their_own_size_and_a_text(page):
    pictures = Parsed(page).all("img")
    assert len(pictures) == 2
    for attributes in pictures:
        assert attributes["alt"].strip()
        kind, content = attributes["src"].split(",")
        assert kind == "data:image/png;base64"
        picture = Image.open(BytesIO(b64decode(content, validate=True)))
        picture.verify()
        assert (int(attributes["width"]), int(attributes["height"])) == (4 * 96, 3 * 96)
        assert picture.size == (2 * 4 * 96, 2 * 3 * 96)


def test_elements_say_what_they_are(page):
    parsed = Parsed(page)
    assert parsed.all("html") == [{"lang": "en"}]
    assert {"charset": "utf-8"} in parsed.all("meta")
    assert any(attributes.get("name") == "viewport" for attributes in parsed.all("meta"))
    assert [len(parsed.all(tag)) for tag in ("main", "h1", "section", "h2", "figure", "figcaption", "caption")] == [
        *(1, 1, 2, 2, 2, 2, 1)
    ]
    assert [attributes["scope"] for attributes in parsed.all("th")] == ["col", "col", "row", "row"]
    assert len(parsed.all("td")) == 2


def test_contents_link_to_the_sections(page):
    parsed = Parsed(page)
    targets = [attributes["id"] for attributes in parsed.all("section")]
    assert [attributes["href"] for attributes in parsed.all("a")] == [f"#{target}" for target in targets]
    assert len(set(targets)) == 2


def test_the_same_report_is_the_same_file(tmp_path):
    for name in ("a.html", "b.html"):
        write_page(tmp_path / name, "T", "S", [Section("One", [FigureBlock(figure(), "c", "a")])])
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_refuses_a_ragged_table_and_a_figure_without_text():
    with pytest.raises(SettingError, match=r"row=\['a'\]: allowed: 2 cells"):
        Table(["x", "y"], [["a", "b"], ["a"]], "")
    with pytest.raises(SettingError, match="alt="):
        FigureBlock(figure(), "caption", " ")


def test_a_command_is_copied_as_it_is_and_an_interval_is_not_broken():
    assert Parsed(Command(NASTY).html()).text == [NASTY]
    cell = Parsed(Table(["a, b", "c"], [["d, e", "0.1 [0.0, 0.2]"]], "").html()).text[-1]
    assert cell == "0.1 [0.0,\N{NO-BREAK SPACE}0.2]"


def test_a_name_that_is_no_unicode_is_still_written(tmp_path):
    write_page(tmp_path / "a.html", "\udce9", "S", [])
    assert b"<h1>&#56553;</h1>" in (tmp_path / "a.html").read_bytes()
