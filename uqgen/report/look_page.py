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

_CSS, _SCRIPT = (
    (Path(__file__).parent / name).read_text(encoding="utf-8") for name in ("look_page.css", "look_page.js")
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
    data = json.dumps(_data(images, about)).replace("<", "\\u003c")  # no tag within the script element
    content = f"""<header>
<h1>Real or generated?</h1>
<p>{len(images.x)} images, half of them real, half generated, in random order. Which are which?</p>
</header>
<noscript><p>This page asks and counts with JavaScript, which is switched off here.</p></noscript>
<section class="ask" hidden>
<p class="count"><output></output><progress max="{len(images.x)}" value="0"></progress></p>
<div class="stage"></div>
<p class="requested">class <strong></strong></p>
<div class="answers">
<button type="button" value="real">Real <kbd>R</kbd></button>
<button type="button" value="generated">Generated <kbd>G</kbd></button>
</div>
<p><button type="button" class="undo">Undo <kbd>Backspace</kbd></button></p>
</section>
<section class="result" hidden>
<h2 tabindex="-1">Result</h2>
<p class="verdict"></p>
<div class="scroll"><table>
<caption>Share of answers that are right; 50 % is chance. Intervals of 95 %, by Clopper and Pearson.</caption>
<thead><tr><th scope="col">images</th><th scope="col">right</th><th scope="col">share</th>
<th scope="col">interval</th><th scope="col">not chance</th></tr></thead>
<tbody></tbody>
</table></div>
<div class="groups"></div>
<h2>As JSON</h2>
<p><button type="button" class="copy">Copy</button> <a class="download">Download</a></p>
<textarea readonly rows="12" aria-label="The result as JSON"></textarea>
</section>
<section>
<h2>How the images were drawn</h2>
<p>{escape(_how(about))}</p>
</section>
<img class="sheet" src="{inline_png(_sheet(images.x))}" alt="" hidden>
<script type="application/json" class="data">{data}</script>
<script>
{_SCRIPT}</script>"""
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
