"""The page that shows real and generated images one after another, asks which they are, and counts."""

import json
from base64 import b64encode
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from torch import Tensor
from torch.nn.functional import pad

from uqgen.data.images import png_file
from uqgen.evaluation.look import CERTAIN, UNCERTAIN, MixedImages
from uqgen.evaluation.proportion import exact_intervals
from uqgen.files import write_atomically
from uqgen.report.page import html_document, inline_png
from uqgen.report.style import score_label

_CSS, _SCRIPT, _CONTENT = (
    (Path(__file__).parent / f"look_page.{kind}").read_text(encoding="utf-8") for kind in ("css", "js", "html")
)
COLUMNS = 10  # of the sheet of all images


@dataclass(frozen=True)
class About:
    """Where the images come from.

    Attributes:
        run: name of the run.
        split: of the real images.
        seed: drew the images, the noise and the order.
        score: name of the score.
        class_names: K names.
    """

    run: str
    split: str
    seed: int
    score: str
    class_names: tuple[str, ...]


def write_look_page(path: Path, images: MixedImages, about: About) -> None:
    """Writes the page, one HTML file that needs nothing else; whole or not at all.

    Args:
        path: the HTML file.
        images: in the order in which they are shown.
        about: see there.
    """
    content = _CONTENT.format(
        n=len(images.x),
        how=escape(_how(about)),
        sheet=inline_png(_sheet(images.x)),
        data=json.dumps(_data(images, about)).replace("<", "\\u003c"),  # no tag within the script element
        script=_SCRIPT,
    )
    write_atomically(
        path, html_document(f"Real or generated? {about.run}", content, _CSS).encode(errors="xmlcharrefreplace")
    )


def _data(images: MixedImages, about: About) -> dict[str, Any]:
    """What the script reads; what a person is not to see before the end is in `key`, encoded."""
    certain, condition = images.is_certain, images.condition
    key = {
        "truth": ["real" if is_real else "generated" for is_real in images.is_real.tolist()],
        "certain": certain.tolist(),
        "score": [round(score, 4) for score in condition.score.tolist()],
    }
    totals = {len(certain), int(certain.sum()), int((~certain).sum())}
    return {
        "about": {"run": about.run, "split": about.split, "seed": about.seed},
        "score": score_label(about.score),
        "side": images.x.shape[-1],
        "columns": COLUMNS,
        "names": [about.class_names[label] for label in condition.label.tolist()],
        "intervals": {total: exact_intervals(total).round(4).tolist() for total in totals},
        "key": b64encode(json.dumps(key).encode()).decode(),
    }


def _how(about: About) -> str:
    score = score_label(about.score)
    return (
        f"Real images are of the {about.split} split; for each there is a generated one of its class, requested with "
        f"its {score}, and taken as it came. Half are certain: their {score} is within {100 * CERTAIN:g} % of its "
        f"reachable range from the confident end. Half are uncertain: at least {100 * UNCERTAIN:g} % away from it. "
        "Where a class has too few of them, its most certain, or uncertain, images serve. "
        f"Run {about.run}, seed {about.seed}."
    )


def _sheet(x: Tensor) -> bytes:
    """Images uint8 [N, C, H, W] in rows of `COLUMNS`, without gaps, as a PNG file: one encoder for all of them."""
    cells = pad(x, (0, 0, 0, 0, 0, 0, 0, -len(x) % COLUMNS)).unflatten(0, (-1, COLUMNS))
    return png_file(cells.permute(2, 0, 3, 1, 4).flatten(3).flatten(1, 2))
