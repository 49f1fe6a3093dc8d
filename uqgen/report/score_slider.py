"""Images under a slider that moves the score requested; strips of all scores in print, or where no script runs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path

from uqgen.report.page import inline_png
from uqgen.score_texts import score_texts

_SCRIPT = (Path(__file__).parent / "score_slider.js").read_text(encoding="utf-8")
_SIDE = 64  # CSS pixels of an image that is no larger; a whole multiple of its own, so that its pixels stay sharp


@dataclass(frozen=True)
class Strip:
    """Images of one class and one noise, beside each other without gaps.

    Attributes:
        requested: name of the class requested.
        png: a PNG file, S times as wide as an image.
        predicted: S names, the most probable class of each.
        achieved: S scores.
    """

    requested: str
    png: bytes
    predicted: Sequence[str]
    achieved: Sequence[float]

    def html(self, number: int, scores: Sequence[float]) -> str:
        """The strip, of these scores requested, as HTML; the number tells it from others of its class."""
        achieved = score_texts(self.achieved, within=scores, aligned=True)
        words = [f"{guess} · {score}" for guess, score in zip(self.predicted, achieved, strict=True)]
        said = json.dumps([[text, guess == self.requested] for text, guess in zip(words, self.predicted, strict=True)])
        alt = escape(f"Class {self.requested}, noise {number}, from the certain end to the uncertain one")
        return (
            f'<div class="strip" data-said="{escape(said)}"><div class="window">'
            f'<img src="{inline_png(self.png)}" alt="{alt}"></div><span></span></div>'
        )


@dataclass(frozen=True)
class ScoreSlider:
    """A block of a page: strips, of which one score is shown at a time.

    Attributes:
        score: how the score is called.
        scores: the S scores requested.
        strips: those of one class follow each other.
        side: height of an image, in its own pixels.
        caption: shown below.
    """

    score: str
    scores: Sequence[float]
    strips: Sequence[Strip]
    side: int
    caption: str

    def html(self) -> str:
        """The block as HTML, its images and its script within it."""
        steps, side = len(self.scores), self.side * max(1, _SIDE // self.side)
        scores = score_texts(self.scores, aligned=True)
        score, ends = escape(self.score), f"{scores[0]} to {scores[-1]}"
        classes = "".join(
            _class_html(list(strips), self.scores) for _, strips in groupby(self.strips, lambda strip: strip.requested)
        )
        return (
            f'<figure class="sweep" data-scores="{escape(json.dumps(scores))}" style="--steps:{steps};--side:{side}px">'
            f'<label class="control">{score} requested <output>{scores[0]}</output>'
            f'<input type="range" min="0" max="{steps - 1}" value="0"></label>'
            f'<p class="hint">Bold: class requested, below it a few noises. Under each image: class predicted and '
            f"{score} achieved; orange: not the class requested.</p>"
            f'<p class="ends">{score} requested, from left to right: {ends}</p>'
            f'<div class="classes">{classes}</div>'
            f"<figcaption>{escape(self.caption)}</figcaption></figure>\n<script>\n{_SCRIPT}</script>"
        )


def _class_html(strips: Sequence[Strip], scores: Sequence[float]) -> str:
    rows = "".join(strip.html(number, scores) for number, strip in enumerate(strips, start=1))
    return f'<div class="class"><strong>{escape(strips[0].requested)}</strong>{rows}</div>'
