"""Slices as files to work with: a table of real images, all facts, and generated images by class."""

import csv
import io
import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from uqgen.classifiers.ensemble import predictive_logits
from uqgen.data.images import png_file
from uqgen.evaluation.context import EvaluationContext
from uqgen.explanation.slices import Slices
from uqgen.files import write_atomically
from uqgen.metrics.plain import as_plain
from uqgen.settings import require

LONGEST = 200  # bytes of a folder's name
COLUMNS = ("file", "class", "predicted", "score", "slice")


def check_export(folder: Path) -> None:
    """Refuses a folder that anything is in.

    Raises:
        SettingError: it is not empty, or no folder that can be made or written.
    """
    is_free = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
    require(is_free, "export", folder, "a folder that is empty, or none yet")
    there = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    is_writable = there.is_dir() and os.access(there, os.W_OK)
    require(is_writable, "export", folder, f"a folder that can be written; {there} is none")


def export_slices(slices: Slices, context: EvaluationContext, folder: Path) -> None:
    """Writes `real.csv`, a row for each held-out image, `slices.json`, and `generated/CLASS/slice-N-IMAGE.png`.

    Class folders are as `data=folder` reads them, so that what was labelled by a person can be trained with.

    Args:
        slices: of the context.
        context: the classifier and the real images.
        folder: where to write.

    Raises:
        SettingError: there is something in the folder.
    """
    check_export(folder)
    table = _real_images(slices, context).encode(errors="surrogateescape")  # names are as files have them
    write_atomically(folder / "real.csv", table)
    found = as_plain([facts.results() for facts in slices.facts])
    write_atomically(folder / "slices.json", json.dumps(found, indent=1).encode())
    folders = folder_names(context.data.class_names)
    for facts in slices.facts:
        for place in facts.generated:
            name = folders[int(slices.requested[place])]
            path = folder / "generated" / name / f"slice-{facts.number}-{place}.png"
            write_atomically(path, png_file(slices.x[place]))


def _real_images(slices: Slices, context: EvaluationContext) -> str:
    """Comma-separated; `slice` is 0 for none, else the number of the first confirmed slice that holds the image."""
    real, names, split = context.reference, context.data.class_names, context.settings.split
    predicted = predictive_logits(real.logits).argmax(dim=1).tolist()
    columns = real.data.label.tolist(), predicted, real.score.tolist(), slices.slice_of(len(predicted))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for place, (label, guess, score, number) in enumerate(zip(*columns, strict=True)):
        writer.writerow([context.data.name_of(split, place), names[label], names[guess], f"{score:.6g}", number])
    return text.getvalue()


def folder_names(class_names: Sequence[str]) -> list[str]:
    """A name that folders can have for each class; with the class's position where it would be another's, too."""
    found = [
        name.replace("/", "_").strip(". ").encode()[:LONGEST].decode(errors="ignore") or "_" for name in class_names
    ]
    often = Counter(name.casefold() for name in found)
    return [f"{name}-{place}" if often[name.casefold()] > 1 else name for place, name in enumerate(found)]
