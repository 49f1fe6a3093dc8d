"""The pages of docs/: their examples run, and every page is found."""

import re
from pathlib import Path

import pytest
import torch

from uqgen.metrics import METRICS, ScorePairs
from uqgen.scores import SCORES

REPOSITORY = Path(__file__).parents[1]
DOCS = REPOSITORY / "docs"
LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")


@pytest.mark.usefixtures("registries")
def test_the_examples_of_what_can_be_added_run_one_after_the_other():
    names: dict = {}
    for block in re.findall(r"```python\n(.*?)```", (DOCS / "extend.md").read_text(), re.S):
        exec(block, names)
    assert "gini" in SCORES
    assert len(names["stripes"]()) == 200
    fake = torch.zeros(3)
    assert names["least_squares"].generator(None, fake) == 1
    generator = names["LinearGenerator"]((2,), (3, 1))
    latent = generator.draw_latent(5, torch.Generator())
    parts = torch.zeros(5, 3), torch.zeros(5, 1)
    assert generator(latent, parts).equal(generator.decode(generator.code(latent, parts), latent, parts))
    assert [metric.name for metric in METRICS[-3:]] == ["spread", "data_kendall", "uniform_kendall"]
    scores = torch.tensor([0.5, 0.6, 0.7, 0.8]), torch.tensor([0.5, 0.7, 0.6, 0.8])  # one of six pairs is turned round
    pairs = ScorePairs(*scores, {}, torch.zeros(4), torch.zeros(4, 2), ["a", "b"], [0, 1], 2, 0)
    assert names["kendall"](pairs) == pytest.approx(4 / 6)


def test_every_page_is_in_the_navigation():
    listed = set(re.findall(r"[\w/]+\.md", (REPOSITORY / "mkdocs.yml").read_text()))
    assert listed == {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}


def test_every_question_is_answered_briefly_and_with_a_link():
    _, *answers = re.split(r"^### ", (DOCS / "questions.md").read_text(), flags=re.M)
    assert len(answers) >= 20
    for answer in answers:
        assert LINK.search(answer), answer
        assert len(answer.split()) <= 90, answer


@pytest.mark.parametrize("page", ["README.md", "CHANGELOG.md", "CONTRIBUTING.md"])
def test_links_outside_the_site_lead_somewhere(page):
    for link in LINK.findall((REPOSITORY / page).read_text()):
        assert (REPOSITORY / link).exists(), link


def test_the_readme_is_short():
    assert len((REPOSITORY / "README.md").read_text().splitlines()) <= 120
    assert (DOCS / "images" / "overview.png").stat().st_size <= 150_000
