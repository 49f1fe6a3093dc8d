"""docs/lightning.md runs as it stands."""

import re
from pathlib import Path

import pytest
import torch

N_IMAGES = 8_000  # in place of 20,000, for speed
PAGE = Path(__file__).parents[1] / "docs" / "lightning.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.S)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_examples_run_one_after_the_other_and_train(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    names: dict = {}
    for block in blocks("python"):
        assert len([line for line in block.splitlines() if line and "import" not in line]) <= 10
        exec(block.replace("n_images=20_000", f"n_images={N_IMAGES}"), names)
    gan, again = names["gan"], names["again"]
    assert names["trainer"].callback_metrics["test/pearson"] > 0.5
    assert again.n_images == gan.n_images == N_IMAGES
    assert again.generator.layers[0].weight.equal(gan.generator.layers[0].weight)


def test_every_line_of_the_commands_composes():
    from uqgen.config import compose

    for line in "".join(blocks("bash")).splitlines():
        compose(line.split()[3:])
