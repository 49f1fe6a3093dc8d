import os
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from uqgen.report.saving import DPI, compact_png, png, save_figure


def figure(colour="white"):
    return Figure(figsize=(3, 2), facecolor=colour)


def test_a_figure_is_saved_as_png_with_twice_a_screens_pixels(tmp_path):
    save_figure(figure("blue"), tmp_path / "figure.png")
    with Image.open(tmp_path / "figure.png") as picture:
        assert picture.format == "PNG"
        assert picture.size == (3 * DPI, 2 * DPI) == (3 * 2 * 96, 2 * 2 * 96)
        assert picture.convert("RGB").getpixel((100, 100)) == (0, 0, 255)


def test_replaces_what_was_there_makes_folders_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "a" / "b" / "figure.png"
    save_figure(figure("blue"), path)
    save_figure(figure("red"), path)
    assert path.read_bytes() == png(figure("red"))
    assert list(path.parent.iterdir()) == [path]


def test_the_old_figure_survives_a_failed_write(tmp_path, monkeypatch):
    path = tmp_path / "figure.png"
    save_figure(figure("blue"), path)
    half_written = []

    def fail_halfway(draft, content):
        with draft.open("wb") as file:
            file.write(content[:1])
        half_written.append(draft)
        raise OSError("disk full")

    monkeypatch.setattr(Path, "write_bytes", fail_halfway)
    with pytest.raises(OSError, match="disk full"):
        save_figure(figure("red"), path)
    assert half_written != [path]
    assert path.read_bytes() == png(figure("blue"))
    assert list(tmp_path.iterdir()) == [path]


def test_others_may_read_the_file_as_any_other(tmp_path):
    before = os.umask(0o022)
    try:
        save_figure(figure(), tmp_path / "figure.png")
    finally:
        os.umask(before)
    assert (tmp_path / "figure.png").stat().st_mode & 0o777 == 0o644


def test_a_compact_figure_keeps_rare_colours(tmp_path):
    pixels = np.full((200, 200, 3), 255, np.uint8)
    pixels[:100] = np.arange(200, dtype=np.uint8)[:, None]  # 200 greys, and a corner of another colour
    pixels[-3:, -3:] = (120, 0, 40)
    Image.fromarray(pixels).save(tmp_path / "figure.png")
    with Image.open(BytesIO(compact_png(tmp_path / "figure.png"))) as picture:
        np.testing.assert_allclose(picture.convert("RGB").getpixel((199, 199)), (120, 0, 40), atol=8)
        assert picture.mode == "P"
