"""Figures as PNG files."""

from io import BytesIO
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from uqgen.files import write_atomically

# Twice the pixels of a common screen: sharp on dense screens and in print.
DPI = 192


def png(figure: Figure, dpi: int = DPI) -> bytes:
    """The figure as a PNG file."""
    buffer = BytesIO()
    figure.set_dpi(dpi)
    FigureCanvasAgg(figure).print_png(buffer)  # which draws once; `savefig` draws a second time, for the layout alone
    return buffer.getvalue()


def save_figure(figure: Figure, path: Path) -> None:
    """Writes a figure as a PNG file, whole or not at all; missing folders are made."""
    write_atomically(path, png(figure))


def compact_png(path: Path) -> bytes:
    """A PNG file with at most 256 colours, about half as large; for figures the eye finds no difference.

    Colours are chosen to cover all that there are, also rare ones such as those of a colour bar.
    """
    buffer = BytesIO()
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
            buffer, "PNG", optimize=True
        )
    return buffer.getvalue()
