import warnings

import pytest
from matplotlib.text import Text

from uqgen.report.names import family_with, fitted_names, literal, width_of
from uqgen.report.saving import png
from uqgen.report.style import new_figure

NASTY = ["$5_bill", "$1-$5", r"\$x_{2}$", "<5mm", "R&B", "T-shirt/top", "猫", "two\nlines", "\udce9", "_background_"]
FALLBACK = "\u1d81"  # which DejaVu Sans lacks, and a font that comes with matplotlib has


def drawn(names):
    """What a figure shows of names as ticks, after every step that text goes through; and each text."""
    figure = new_figure(4)
    axes = figure.subplots()
    axes.set_yticks(range(len(names)), names)
    png(figure)
    texts = [tick.label1 for tick in axes.yaxis.get_major_ticks()]
    return [Text._preprocess_math(text, text.get_text()) for text in texts], texts


def test_a_name_is_shown_as_it_is_and_no_mathematics():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shown, _ = drawn([literal(name) for name in NASTY])
    whole = [*NASTY[:6], "[732B]", "two lines", "[DCE9]", "_background_"]
    assert shown == [(name, False) for name in whole]


def test_a_sign_comes_from_another_font_where_one_has_it():
    assert (family_with("a"), family_with("猫")) == ("", None)
    assert family_with(FALLBACK)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shown, (text, plain) = drawn([literal(f"a{FALLBACK}"), "a"])
    assert shown[0] == (f"a{FALLBACK}", False)
    assert family_with(FALLBACK) in text.get_fontfamily()
    assert family_with(FALLBACK) not in plain.get_fontfamily()


@pytest.mark.parametrize("inches", [0.4, 0.8, 1.5])
def test_names_fit_and_keep_both_ends(inches):
    names = ["W" * 30, "il" * 30, "cat", "Cherry_(including_sour)___Powdery_mildew", "猫" * 9]
    fitted = fitted_names(names, inches, 9)
    assert fitted[2] == "cat"
    for name, text in zip(names, fitted, strict=True):
        assert width_of(text, 9) <= inches
        if name != "cat":
            head, tail = text.split("…")
            assert "".join(literal(name)).startswith(head)
            assert "".join(literal(name)).endswith(tail)


def test_the_width_is_that_of_the_drawn_text():
    figure = new_figure(4)
    text = figure.text(0, 0, "Tomato_Yellow_Leaf", fontsize=9, fontweight="bold")
    figure.draw_without_rendering()
    assert text.get_window_extent().width / figure.dpi == pytest.approx(width_of(text.get_text(), 9), rel=0.03)


def test_names_that_would_be_the_same_end_in_their_position():
    names = ["Tomato___Late_blight", "cat", "Tomato___Early_blight"]
    assert fitted_names(names, 0.5, 9) == ["To…0", "cat", "To…2"]
    many = [f"n{number:08d}" for number in range(1000)]
    assert len(set(fitted_names(many, 0.6, 7))) == 1000
