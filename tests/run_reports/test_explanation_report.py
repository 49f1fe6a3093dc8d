"""The files of an explanation of very many classes, of made-up numbers."""

import json
import re
import time

import numpy as np
import pytest
import torch
from PIL import Image

from uqgen.conditioning.condition import Condition
from uqgen.data.attributes import ATTRIBUTES
from uqgen.evaluation.generated import Generated
from uqgen.explanation.analysis import ALL, Analysis, Source, curve
from uqgen.explanation.explanation import Explanation
from uqgen.explanation.gallery import Duplicates, Gallery
from uqgen.explanation.score_sweep import ScoreSweep
from uqgen.explanation.second_choices import SecondChoices
from uqgen.explanation.shares import Explained
from uqgen.explanation.slices import Slices
from uqgen.metrics.bootstrap import Estimate
from uqgen.report.shown_classes import most_uncertain
from uqgen.report.strip_files import read_slider
from uqgen.run_reports.explanation import write_figures
from uqgen.scores import get_score

K, SECONDS = 200, 20
pytestmark = pytest.mark.slow  # figures of 200 classes
NAMES = [f"n{number:08d} $<猫>" for number in range(K)]
RNG = np.random.default_rng(0)


def images(*shape):
    return torch.from_numpy(RNG.integers(0, 256, (*shape, 3, 32, 32), dtype=np.uint8))


def sweep(n_classes, n_noises, n_scores):
    said = torch.from_numpy(RNG.dirichlet(np.ones(K), (n_classes, n_noises, n_scores))).float()
    scores = tuple(np.linspace(1, 0.3, n_scores).tolist())
    return ScoreSweep(scores, images(n_classes, n_noises, n_scores), said.amax(dim=-1), said)


def gallery(score):
    label = torch.arange(K).repeat_interleave(8)
    requested = Condition(label, torch.full(label.shape, score))
    made = Generated(requested, images(8 * K), torch.randn(8 * K, K), {}, requested.score)
    return Gallery(score, made, torch.arange(8 * K).view(K, 8), Duplicates(8 * K, 0.1, 0.1))


@pytest.fixture(scope="module")
def explanation():
    number = Estimate(0.4, 0.3, 0.5)
    of_each, scores = dict.fromkeys(ATTRIBUTES, number), RNG.uniform(0.3, 1, 100)
    explained = dict.fromkeys([ALL, *NAMES], Explained(5_000, number, of_each, of_each))
    source = Source(explained, number, {name: curve(scores, scores, 10) for name in ATTRIBUTES})
    counts = RNG.integers(0, 9, (K, K)).tolist()
    levels = (0.8, 0.6, 0.4, 0.3)
    return Explanation(
        sweep=sweep(K, 1, 11),
        animated=sweep(16, 3, 31),
        analysis=Analysis(dict.fromkeys(("generated", "changes", "real"), source), None, None),
        galleries=[gallery(score) for score in levels],
        second_choices=[SecondChoices(score, 0.3, 1, counts, counts, 0.5, 0.6) for score in levels],
        discovery=None,
        own=None,
        slices=Slices([], "test", 0, torch.empty(0), torch.empty(0), torch.empty(0)),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory, explanation):
    """Where the figures are, and how long the processor drew them."""
    label = torch.arange(K).repeat(2)
    classes = most_uncertain(NAMES, Condition(label, label / K), "confident")  # the first 16
    path, start = tmp_path_factory.mktemp("explanation"), time.process_time()
    write_figures(path, explanation, torch.empty(0, 1, 8, 8, dtype=torch.uint8), classes, get_score("msp"), 0)
    return path, time.process_time() - start


@pytest.mark.filterwarnings("error::UserWarning")
def test_two_hundred_classes_are_soon_drawn_and_no_image_is_too_high(folder):
    path, seconds = folder
    assert seconds < SECONDS
    drawn = [*path.glob("figures/*.png"), path / "sweep.gif"]
    assert len(drawn) == 12
    for file in drawn:
        with Image.open(file) as picture:
            assert max(picture.size) <= 4_000, file


def test_the_slider_shows_the_same_classes_and_says_so(folder, explanation):
    strips = folder[0] / "figures" / "strips"
    assert len(json.loads((strips / "strips.json").read_text())["strips"]) == 16 * 3
    slider = read_slider(strips, "MSP", 10**7)
    assert [strip.requested for strip in slider.strips[::3]] == NAMES[:16]
    assert "16 of 200 classes: those whose real training images" in slider.caption
    html = slider.html()
    assert f"<strong>{NAMES[0].replace('<', '&lt;').replace('>', '&gt;')}</strong>" in html
    assert not re.search("<猫>", html)


def test_strips_written_before_there_was_a_choice_are_still_read(folder):
    strips = folder[0] / "figures" / "strips"
    index = json.loads((strips / "strips.json").read_text())
    assert index.pop("note")
    (strips / "strips.json").write_text(json.dumps(index))
    assert "Shown" not in read_slider(strips, "MSP", 10**7).caption
