"""The explorer's page, made of Gradio's parts."""

import re
from functools import partial
from string import punctuation
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image
from torchvision.transforms.v2.functional import to_pil_image

from uqgen.explorer.answers import Answer, between_seeds, edited, of_picture
from uqgen.report.run_text import meaning
from uqgen.report.style import score_label
from uqgen.score_texts import score_texts

if TYPE_CHECKING:
    from uqgen.run import Run

N_IMAGES = 8  # from the first seed to the second
STRONGEST = 2.0  # guidance that can be chosen
N_BARS = 10  # classes whose probabilities are shown
CSS = """
.pixels img { image-rendering: pixelated; }
.seen img { width: 240px; height: 240px; object-fit: contain; }
.pixels .grid-wrap { min-height: 0; max-height: none; }
.pixels .grid-container {
  grid-template-columns: repeat(auto-fit, minmax(max(4.5rem, 22%), 1fr)); grid-template-rows: auto;
}
"""
THEME = gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["monospace"])  # no font is fetched

Bars = dict[str, float]
Shown = list[tuple[Image.Image, str]]


def build_page(run: "Run") -> gr.Blocks:
    """The page, not served yet.

    Args:
        run: a trained run of images.
    """
    with gr.Blocks(title=f"uqgen: {run.experiment.name}", analytics_enabled=False) as page:
        gr.Markdown(f"# {_as_markdown(run.experiment.name)}\n{_introduction(run)}")
        with gr.Tab("Ask"):
            _ask(run, page)
        with gr.Tab("Your image"):
            _your_image(run)
    return page


def answer_shown(
    run: "Run", label: int, score: float, guidance: float, seed: int, second: int
) -> tuple[Shown, list[Bars], Bars]:
    """The images with their captions, the probabilities of each, and once more those of the first."""
    answer = between_seeds(run, label, score, (seed, second), N_IMAGES, guidance)
    bars = _bars(run, answer)
    return list(zip(_pictures(answer), _captions(run, answer), strict=True)), bars, bars[0]


def picture_shown(run: "Run", picture: Image.Image | None) -> tuple[Image.Image | None, str, Bars | None]:
    """A picture as the classifier sees it, what that achieves, and its probabilities; nothing where there is none."""
    if picture is None:
        return None, "", None
    answer = of_picture(run, picture)
    return _pictures(answer)[0], _captions(run, answer)[0], _bars(run, answer)[0]


def edited_shown(run: "Run", picture: Image.Image | None, score: float) -> tuple[Image.Image | None, str]:
    """A picture made as uncertain as requested, and what that achieves; nothing where there is none."""
    if picture is None:
        return None, ""
    answer = edited(run, picture, score)
    return _pictures(answer)[0], _captions(run, answer)[0]


def _ask(run: "Run", page: gr.Blocks) -> None:
    """Controls, images and probabilities."""
    name = score_label(run.classifiers.score.name)
    with gr.Row():
        label, score = gr.Dropdown(_choices(run), value=0, label="Class requested"), _score_slider(run)
        own = run.experiment.guidance.strength
        guidance = gr.Slider(0, max(STRONGEST, own), value=own, step=0.05, label="Guidance")
        seed, second = (gr.Number(value, precision=0, label=text) for value, text in enumerate(("Seed", "Second seed")))
    gr.Markdown(
        f"From the first seed to the second: class predicted and {name} achieved. Choose one for its probabilities."
    )
    with gr.Row():
        images = gr.Gallery(
            show_label=False, columns=N_IMAGES // 2, rows=2, height="auto", object_fit="contain", format="png",
            allow_preview=False, buttons=[], elem_classes="pixels", scale=2, min_width=300,
        )  # fmt: skip
        probabilities, of_all = gr.Label(label="Probabilities", num_top_classes=N_BARS), gr.State([])
    gr.on(
        [page.load, label.change, score.change, guidance.change, seed.change, second.change],
        partial(answer_shown, run),
        [label, score, guidance, seed, second],
        [images, of_all, probabilities],
        show_progress="hidden",
        trigger_mode="always_last",
    )
    images.select(_bars_of_chosen, of_all, probabilities, show_progress="hidden")


def _your_image(run: "Run") -> None:
    """A picture of one's own, what the classifier says of it, and the picture made as uncertain as requested."""
    name = score_label(run.classifiers.score.name)
    gr.Markdown("Where a class is needed, it is the one predicted.")
    with gr.Row():
        with gr.Column():
            picture = gr.Image(type="pil", image_mode=None, sources=["upload", "clipboard"], label="Your image")
            score, button = _score_slider(run), gr.Button(f"Edit it to this {name}", variant="primary")
        with gr.Column():
            seen, said = _seen("As the classifier sees it"), gr.Textbox(label=f"Predicted class and {name} achieved")
        with gr.Column():
            made, achieved = _seen("Edited"), gr.Textbox(label=f"Once edited: predicted class and {name} achieved")
    probabilities = gr.Label(label="Probabilities, of your image", num_top_classes=N_BARS)
    picture.change(partial(picture_shown, run), picture, [seen, said, probabilities], show_progress="hidden")
    button.click(partial(edited_shown, run), [picture, score], [made, achieved])


def _as_markdown(text: str) -> str:
    """Plain text for Markdown, of whose marks none is taken for one."""
    return re.sub(rf"([{re.escape(punctuation)}])", r"\\\1", " ".join(text.split()))


def _introduction(run: "Run") -> str:
    score = run.classifiers.score
    second = (
        f" The {score_label(score.second.name)} requested is one that goes with it in real data."
        if score.second
        else ""
    )
    return (
        "What makes this classifier uncertain? Ask for images, or show it one. "
        f"{score_label(score.name)} is {meaning(score)}.{second}"
    )


def _score_slider(run: "Run") -> gr.Slider:
    low, high = run.experiment.evaluation.requested_range(run.classifiers.score, run.own.score)
    name = score_label(run.classifiers.score.name)
    return gr.Slider(low, high, value=(low + high) / 2, step=(high - low) / 100, label=f"{name} requested")


def _seen(label: str) -> gr.Image:
    return gr.Image(label=label, format="png", height=260, buttons=[], elem_classes=["pixels", "seen"])


def _bars_of_chosen(of_all: list[Bars], chosen: gr.SelectData) -> Bars:
    return of_all[chosen.index]


def _choices(run: "Run") -> list[tuple[str, int]]:
    return [(name, label) for label, name in enumerate(run.class_names)]


def _pictures(answer: Answer) -> list[Any]:
    return [to_pil_image(image) for image in answer.x]


def _captions(run: "Run", answer: Answer) -> list[str]:
    within = run.experiment.evaluation.requested_range(run.classifiers.score, run.own.score)
    scores = score_texts(answer.score, within=within, aligned=True)
    both = zip(answer.predicted.tolist(), scores, strict=True)
    return [f"{run.class_names[label]} · {score}" for label, score in both]


def _bars(run: "Run", answer: Answer) -> list[Bars]:
    return [dict(zip(run.class_names, vector, strict=True)) for vector in answer.probabilities.tolist()]
