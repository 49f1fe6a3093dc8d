"""The images of a sweep as files from which a page is made."""

import json
from pathlib import Path

from uqgen.data.images import png_file
from uqgen.explanation.score_sweep import ScoreSweep
from uqgen.files import read_json, write_atomically
from uqgen.old_names import STRIPS, renamed
from uqgen.report.score_slider import ScoreSlider, Strip
from uqgen.report.shown_classes import ShownClasses

INDEX = "strips.json"


def write_strips(folder: Path, sweep: ScoreSweep, classes: ShownClasses) -> None:
    """Writes a PNG file for each class and noise, of its images side by side, and what is said of them as JSON.

    Args:
        folder: where to write.
        sweep: the images, R classes by M noises by S scores.
        classes: R of K classes.
    """
    strips = []
    for noise in range(sweep.x.shape[1]):
        for row, name in enumerate(classes.shown_names):
            file = f"{classes.labels[row]}-{noise}.png"
            write_atomically(folder / file, png_file(sweep.x[row, noise].permute(1, 2, 0, 3).flatten(2)))
            predicted = [classes.names[guess] for guess in sweep.predicted[row, noise].tolist()]
            achieved = sweep.score_out[row, noise].tolist()
            strips.append({"file": file, "requested": name, "predicted": predicted, "achieved": achieved})
    index = {"scores": sweep.scores, "side": sweep.x.shape[-1], "note": classes.note, "strips": strips}
    write_atomically(folder / INDEX, json.dumps(index).encode())


def read_slider(folder: Path, score: str, most_bytes: int) -> ScoreSlider:
    """The strips as a block of a page.

    Args:
        folder: where `write_strips` wrote.
        score: how the score is called.
        most_bytes: of all strips together; as many as fit are taken, at least one; every class once before any twice.
    """
    index = read_json(folder / INDEX, "run")
    entries = [renamed(entry, STRIPS) for entry in index["strips"]]
    strips: list[Strip] = []
    for entry in entries:
        png = (folder / entry.pop("file")).read_bytes()
        if strips and sum(len(strip.png) for strip in strips) + len(png) > most_bytes:
            break
        strips.append(Strip(png=png, **entry))
    names = list(dict.fromkeys(entry["requested"] for entry in entries))
    shown = {strip.requested for strip in strips}
    note = [*index.get("note", []), *([] if len(shown) == len(names) else [f"the first {len(shown)} of {len(names)}"])]
    part = f" Shown: {'; '.join(note)}." if note else ""
    caption = f"Each image keeps its class and its noise; nothing but the {score} requested changes.{part}"
    return ScoreSlider(
        score, index["scores"], sorted(strips, key=lambda strip: names.index(strip.requested)), index["side"], caption
    )
