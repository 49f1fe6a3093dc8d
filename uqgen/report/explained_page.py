"""What explains a run's classifier, as sections of its page: made of the files in the run's folder alone."""

import re
import shlex
from collections.abc import Callable, Sequence

from uqgen.report.explanation_tables import discovered_rows, own_rows, shares_rows, slices_rows
from uqgen.report.page import Command, PageBlock, Paragraph, PictureBlock, Section, Table
from uqgen.report.saving import compact_png
from uqgen.report.strip_files import read_slider
from uqgen.report.style import score_label
from uqgen.run_folder import Plain, RunFolder
from uqgen.score_texts import score_texts

STRIPS_BYTES = 1_500_000  # of the images under the slider, so that the page stays below 5 MB
SLIDER, SWEEPS, GALLERIES = "From certain to uncertain", "Score sweeps", "Galleries"
ATTRIBUTES, DISCOVERED = "What goes with the score", "Discovered attributes"
OWN = "Where the classifier is worse than its judges"
CHOICES, SLICES, AGAIN = "Second choices", "Slices", "How to explain it again"
CAUTION = (
    "How much of the score's variance goes with what can be measured of an image. Images are weighted so that every "
    "score counts alike. All together: a linear regression on all attributes, whose R² the shares add up to. Random "
    "forest: what the attributes explain of images not seen, linear or not. True corruption: what is explained by the "
    "noise and blur that were added to real images. Shares say what goes with the score in these images, not what "
    "causes it. Undefined: the score is constant, or the images are so few that a regression would fit any score. If "
    "an attribute explains as much of real images as of generated ones, the generator did not make it up."
)
DIFFERENCES = "The same strips: where each image became brighter (red) or darker (blue) than its first one."
SECOND_CHOICES = (
    "Which class comes second where the classifier hesitates: rows are the most probable class, generated above "
    "real images. In common: the share of second choices that generated and real images have in common, mean over "
    "the rows; in brackets, that of two halves of the real ones, which is about the most that can be reached."
)
OWN_TEXT = (
    "What lowers the score of every classifier is hard for all. Here it is not the score that attributes explain but "
    "how far the classifier is behind its judges: the probability that it gives the true class of a real image, less "
    "the mean of theirs. A class far below 0 with a high R² has a weakness of its own, and the attributes say what it "
    "goes with. Judges that learnt from the same images as the classifier share what these lack. Intervals are not "
    "corrected for the number of classes: the lowest of many is below 0 by chance. What takes the classifier further "
    "behind is looked for only in a class that is below 0 beyond chance, corrected for their number."
)
OWN_DISCOVERED = (
    "What takes the classifier away from its judges in generated images of class {name}, where it is furthest "
    "behind: directions in the generator's channels, the first along the mean gradient of the difference. More of "
    "each takes it further behind in other images, too; what does not is left out. Of the channels that each moves, "
    "the five that it moves furthest are named."
)
OWN_NOTHING = (
    "In generated images of class {name}, where it is furthest behind, no direction in the generator's channels takes "
    "it further behind in other images, too."
)
SLICES_TEXT = (
    "Where the classifier is weak. A slice is a region of the classifier's features, less the directions it decides "
    "by. Slices were found around generated images, and real ones of other splits, that are wrong or uncertain. Real "
    "images that took no part then tested them. Confirmed: their error rate is above that of all others, intervals "
    "apart, corrected for the number of slices. Own weakness: it is above that of every judge on the same images, "
    "too; if not, they are hard for all. Explained: errors beyond those of as many others, and of judges. Hypotheses "
    "are not confirmed. python -m uqgen.explain ... export=DIR writes the images as files."
)
SLICES_FIGURE = (
    "Each slice in a row: typical generated images (left), and the real held-out images "
    "that are most typical of it (right); above each its score, in orange where the classifier is wrong."
)
DISCOVERED_TEXT = (
    "Attributes that have no name beforehand: directions in the generator's channels that change the target's score, "
    "or the log-odds between its two most probable classes. They are found with gradients, joined where they change "
    "images in the same way, and measured in finite steps in other images. Moved: the share of images whose {score} "
    "less or more of it changes by {moved_by:.2g} or more. Judges see: the slope of the change of their own scores on "
    "that of the target's; 0 is a change that the target alone sees. Goes with: a named attribute that changes with "
    "the step; where there is none, the pictures show what it is."
)
NOTHING = "Nothing that the generator can change has an effect on the score of enough images to be reported."
SUFFICIENCY = (
    "Left, the share of images whose score each changes. Right, of the images of which the target is sure, the share "
    "that it no longer is once the first attributes are changed, each less, more or not at all, as suits the image; "
    "beside it as many directions of the generator drawn at random."
)
FILES = "All numbers are in {}/results.json beside this page, the figures and an animation in files of their own."


def explanation_sections(run: RunFolder, results: Plain) -> list[Section]:
    """The sections of an explanation, the last of which says how to make it again.

    Args:
        run: of which the figures are shown.
        results: of the explanation, as its results.json holds them.
    """
    score, within = score_label(results["score"]), results["sweep"]["scores"]
    figures = run.explanation / "figures"
    strips = (
        f"A strip for each class: one noise, {score} requested from the certain end to the uncertain one; above each "
        f"image the class predicted and the {score} achieved."
    )

    def picture(name: str, caption: str) -> PictureBlock:
        return PictureBlock(compact_png(figures / f"{name}.png"), caption, caption)

    galleries = [
        picture(f"gallery_{number}", _gallery_caption(score, part["score"], within))
        for number, part in enumerate(results["near_duplicates"], start=1)
    ]
    return [
        *([_slices(results["slices"], score, within, picture("slices", SLICES_FIGURE))] if "slices" in results else []),
        Section(SLIDER, [read_slider(figures / "strips", score, STRIPS_BYTES)]),
        Section(SWEEPS, [picture("strips", strips), picture("differences", DIFFERENCES)]),
        Section(GALLERIES, galleries),
        _named(results, picture),
        *_own(results, picture),
        *_discovered(results, picture),
        Section(CHOICES, [picture("second_choices", SECOND_CHOICES)]),
        Section(AGAIN, [Command(_command(results)), Paragraph(FILES.format(run.explanation.name))]),
    ]


def _named(results: Plain, picture: Callable[[str, str], PictureBlock]) -> Section:
    """What named attributes explain."""
    header, *rows = shares_rows(results["attributes"])
    sizes = [f"{results['attributes']['sources'][name]['explained']['all']['n']:,}" for name in ("real", "generated")]
    caption = f"In brackets, 95 % bootstrap intervals; {sizes[0]} real and {sizes[1]} generated images"
    score = score_label(results["score"])
    shares = f"What each attribute of an image explains of its {score}: share of the variance, and rank correlation."
    curves = "Mean and quartiles of each attribute, from certain to uncertain, generated beside real."
    blocks: list[PageBlock] = [
        Paragraph(CAUTION),
        picture("attributes", shares),
        Table(header, rows, caption),
        picture("attributes_by_score", curves),
        picture("attributes_by_class", "The same shares for each class."),
    ]
    return Section(ATTRIBUTES, blocks)


def _own(results: Plain, picture: Callable[[str, str], PictureBlock]) -> list[Section]:
    """Where it is worse than its judges; nothing of an explanation without judges."""
    own, found = results["attributes"].get("own"), results.get("discovered_own")
    if own is None:
        return []
    header, *rows = own_rows(own)
    blocks: list[PageBlock] = [
        Paragraph(OWN_TEXT),
        Table(header, rows, "In brackets, 95 % bootstrap intervals"),
    ]
    if found is None:
        return [Section(OWN, blocks)]
    name = found.get("name", rows[1][0])  # earlier versions kept none
    if not found["attributes"]:
        return [Section(OWN, [*blocks, Paragraph(OWN_NOTHING.format(name=name))])]
    table, examples = _attributes(found, "own", score_label(results["score"]), picture)
    return [Section(OWN, [*blocks, Paragraph(OWN_DISCOVERED.format(name=name)), table, *examples])]


def _discovered(results: Plain, picture: Callable[[str, str], PictureBlock]) -> list[Section]:
    """What was discovered; nothing of an explanation that did not look for it."""
    found = results.get("discovered")
    if found is None:
        return []
    if not found["attributes"]:
        return [Section(DISCOVERED, [Paragraph(NOTHING)])]
    score = score_label(results["score"])
    table, examples = _attributes(found, "discovered", score, picture)
    text = Paragraph(DISCOVERED_TEXT.format(score=score, moved_by=found["moved_by"]))
    return [Section(DISCOVERED, [text, table, picture("discovered", SUFFICIENCY), *examples])]


def _attributes(
    found: Plain, name: str, score: str, picture: Callable[[str, str], PictureBlock]
) -> tuple[Table, list[PictureBlock]]:
    """The table of discovered attributes, and of each the figure that begins with the name."""
    caption = f"In brackets, 95 % bootstrap intervals; {found['n_images']} images"
    header, *rows = discovered_rows(found, score)
    examples = [
        picture(f"{name}_{number}", f"Attribute {number}, less and more of it, in images that were not selected.")
        for number in range(1, len(found["attributes"]) + 1)
    ]
    return Table(header, rows, caption), examples


def _gallery_caption(name: str, score: float, within: Sequence[float]) -> str:
    (requested,) = score_texts(score, within)
    return (
        f"Different images of each class at {name} {requested}, and their two most probable classes. "
        "Near-duplicates, nearer to an image shown than real ones are to each other, were dropped."
    )


def _command(results: Plain) -> str:
    folder = str(results["run"])
    run = folder if re.fullmatch(r"[\w./-]+", folder) else f'"{folder}"'  # else Hydra would take it apart
    chosen = [f"explanation.{name}={value}" for name, value in results["settings"].items()]
    split = [f"split={results['split']}"] if "split" in results else []  # earlier versions did not keep it
    return shlex.join(["python", "-m", "uqgen.explain", f"run={run}", *split, *chosen])


def _slices(found: Plain, score: str, within: Sequence[float], picture: PictureBlock) -> Section:
    header, *rows = slices_rows(found["found"], score, within)
    caption = f"Held-out real images of the {found['split']} split; found on {found['n_found_on']:,} others"
    words = [Paragraph(f"Slice {each['number']}. {each['sentence']} {each['advice']}") for each in found["found"]]
    return Section(SLICES, [Paragraph(SLICES_TEXT), picture, Table(header, rows, caption), *words])
