"""Names that people chose, as figures write them: literally, in signs that a font has, and no wider than fits.

A name is never read as mathematics. A sign that no installed font has becomes its number, such as [732B].
"""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import accumulate

from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font
from matplotlib.ft2font import FT2Font

_POINTS = 100  # in which letters are measured
_LAST_RESORT = "Last Resort"  # a font of boxes, which has every sign and shows none


def literal(name: str) -> str:
    """A name in one line, for any text of a figure."""
    return _escaped("".join(_signs(name)))


def fitted_names(names: Sequence[str], inches: float, points: float) -> list[str]:
    """Names for texts that are no wider than so many inches; what does not fit loses its middle to an ellipsis.

    Names that would then be the same end in their position among all names.

    Args:
        names: all that a reader has to distinguish.
        inches: room for one.
        points: size of the letters, which may be bold.
    """
    room = 72 * inches / points  # in widths of an M
    signs = [_signs(name) for name in names]
    short = ["".join(_cut(each, room)) for each in signs]
    times = Counter(short)
    return [
        _escaped(text if times[text] == 1 else "".join(_numbered(each, position, room)))
        for position, (each, text) in enumerate(zip(signs, short, strict=True))
    ]


def width_of(text: str, points: float) -> float:
    """Inches that a text takes in bold."""
    return sum(map(_width, text)) * points / 72


@cache
def family_with(sign: str) -> str | None:
    """The family of a font that has a sign: "" is the one of all figures, None where no installed font has it."""
    if all(font.get_char_index(ord(sign)) for font in (_font("normal"), _font("bold"))):
        return ""
    others = sorted((font.name, font.fname) for font in fontManager.ttflist if font.style == "normal")
    drawn = (name for name, file in others if not name.startswith(_LAST_RESORT) and _has(file, sign))
    return next(drawn, None)


def _has(file: str, sign: str) -> bool:
    try:
        return bool(FT2Font(file).get_char_index(ord(sign)))
    except (OSError, RuntimeError):  # removed or replaced since matplotlib listed it
        return False


def _font(weight: str) -> FT2Font:
    return get_font(findfont(FontProperties(weight=weight)))


def _signs(name: str) -> list[str]:
    """What is drawn of a name, sign by sign."""
    return [sign if family_with(sign) is not None else f"[{ord(sign):X}]" for sign in " ".join(name.split())]


def _escaped(text: str) -> str:
    return text.replace("$", r"\$")


def _cut(signs: list[str], room: float) -> list[str]:
    """The signs, or as many of both ends as fit with an ellipsis between them."""
    from_left = list(accumulate(map(_width, signs), initial=0.0))
    if from_left[-1] <= room:
        return signs
    for kept in range(len(signs) - 1, 0, -1):
        head, tail = -(-kept // 2), len(signs) - kept // 2
        if from_left[head] + _width("…") + from_left[-1] - from_left[tail] <= room:
            return [*signs[:head], "…", *signs[tail:]]
    return ["…"]


def _numbered(signs: list[str], position: int, room: float) -> list[str]:
    """As many signs of the start as fit before a position."""
    end = ["…", *str(position)]
    left = room - sum(map(_width, end))
    head = sum(width <= left for width in accumulate(map(_width, signs)))
    return [*signs[:head], *end]


@cache
def _width(sign: str) -> float:
    """How wide a sign is in bold, as share of the letters' size; what is written in another font may fill a square."""
    if len(sign) > 1:
        return sum(map(_width, sign))  # its number
    if family_with(sign) != "":
        return 1
    font = _font("bold")
    font.set_size(_POINTS, 72)
    return font.load_char(ord(sign)).linearHoriAdvance / 65536 / _POINTS
