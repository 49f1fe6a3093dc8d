"""A report as one HTML file that needs nothing else: no network, no fonts, no files beside it."""

import struct
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Protocol

from matplotlib.figure import Figure

from uqgen.files import write_atomically
from uqgen.report.saving import DPI, png
from uqgen.settings import require

_CSS = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
# CSS pixels an inch.
_PIXELS = 96


@dataclass(frozen=True)
class Paragraph:
    """Plain text."""

    text: str

    def html(self) -> str:
        """The paragraph as HTML."""
        return f"<p>{escape(self.text)}</p>"


@dataclass(frozen=True)
class Command:
    """A line for a shell, to be copied as it is."""

    text: str

    def html(self) -> str:
        """The line as HTML."""
        return f"<pre><code>{escape(self.text)}</code></pre>"


@dataclass(frozen=True)
class Table:
    """A table whose first column names the rows.

    Attributes:
        header: names of the columns.
        rows: cells, as many in each row as there are columns.
        caption: what the table shows.

    Raises:
        SettingError: a row is longer or shorter than the header.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str

    def __post_init__(self) -> None:
        for row in self.rows:
            require(len(row) == len(self.header), "row", list(row), f"{len(self.header)} cells, as in the header")

    def html(self) -> str:
        """The table as HTML, in a region that scrolls where it is too wide."""
        header = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in self.header)
        rows = "".join(f"<tr>{_row_html(row)}</tr>" for row in self.rows)
        caption = escape(self.caption)
        return (
            f'<div class="scroll" tabindex="0" role="region" aria-label="{caption}">'
            f"<table><caption>{caption}</caption>"
            f"<thead><tr>{header}</tr></thead><tbody>{rows}</tbody></table></div>"
        )


@dataclass(frozen=True)
class FigureBlock:
    """A figure with its caption.

    Attributes:
        figure: drawn when the page is written.
        caption: shown under the figure.
        alt: what the figure shows, for those who do not see it; not empty.

    Raises:
        SettingError: there is no alternative text.
    """

    figure: Figure
    caption: str
    alt: str

    def __post_init__(self) -> None:
        require(bool(self.alt.strip()), "alt", repr(self.alt), "a text that says what the figure shows")

    def html(self) -> str:
        """The figure as HTML, its picture within it."""
        return PictureBlock(png(self.figure), self.caption, self.alt).html()


@dataclass(frozen=True)
class PictureBlock:
    """A figure that was drawn already.

    Attributes:
        png: the file, as `uqgen.report.saving` writes it.
        caption, alt: as of a `FigureBlock`.
    """

    png: bytes
    caption: str
    alt: str

    def html(self) -> str:
        """The figure as HTML, its picture within it."""
        width, height = (round(pixels * _PIXELS / DPI) for pixels in struct.unpack(">II", self.png[16:24]))
        return (
            f'<figure><img src="{inline_png(self.png)}" '
            f'width="{width}" height="{height}" alt="{escape(self.alt)}">'
            f"<figcaption>{escape(self.caption)}</figcaption></figure>"
        )


class PageBlock(Protocol):
    """A part of a section."""

    def html(self) -> str:
        """The part as HTML."""


@dataclass(frozen=True)
class Section:
    """A titled part of a page."""

    title: str
    blocks: Sequence[PageBlock]

    def html(self, identifier: str) -> str:
        """The section as HTML that can be linked to."""
        blocks = "\n".join(block.html() for block in self.blocks)
        return f'<section id="{identifier}">\n<h2>{escape(self.title)}</h2>\n{blocks}\n</section>'


def write_page(path: Path, title: str, summary: str, sections: Sequence[Section]) -> None:
    """Writes a page: title, summary, contents, sections.

    Args:
        path: the HTML file; it is there whole or not at all, and missing folders are made.
        title: of the page.
        summary: what was found, in a few sentences.
        sections: in the order they are read.
    """
    write_atomically(path, _page_html(title, summary, sections).encode(errors="xmlcharrefreplace"))


def inline_png(png: bytes) -> str:
    """A PNG file as an address that holds it."""
    return f"data:image/png;base64,{b64encode(png).decode()}"


def html_document(title: str, content: str, css: str = "") -> str:
    """An HTML document in the style of all pages.

    Args:
        title: plain text.
        content: HTML.
        css: rules beside those of all pages.
    """
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>
{_CSS}{css}</style>
</head>
<body>
<main>
{content}
</main>
</body>
</html>
"""


def _page_html(title: str, summary: str, sections: Sequence[Section]) -> str:
    names = [f"section-{number}" for number in range(1, len(sections) + 1)]
    links = "".join(
        f'<li><a href="#{name}">{escape(section.title)}</a></li>' for name, section in zip(names, sections, strict=True)
    )
    body = "\n".join(section.html(name) for name, section in zip(names, sections, strict=True))
    content = f"""<header>
<h1>{escape(title)}</h1>
<p class="summary">{escape(summary)}</p>
<nav aria-label="Contents"><ol>{links}</ol></nav>
</header>
{body}"""
    return html_document(title, content)


def _row_html(row: Sequence[str]) -> str:
    name, *cells = map(escape, row)
    cells = [cell.replace(", ", ",&nbsp;") for cell in cells]  # no interval is broken in two
    return f'<th scope="row">{name}</th>' + "".join(f"<td>{cell}</td>" for cell in cells)
