"""A family of generators that the program does not know comes in as one file and one YAML, those of docs/extend.md."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
IMPORTS = "import torch\n\nfrom uqgen.generators.latent import Latent\n"


@pytest.fixture
def folder(tmp_path):
    """What a user has: package.py and conf/model/vae.yaml."""
    page = (DOCS / "extend.md").read_text()
    (code,) = (block for block in re.findall(r"```python\n(.*?)```", page, re.S) if "class VAE(" in block)
    (settings,) = re.findall(r"```yaml\n(# conf/model/vae.yaml.*?)```", page, re.S)
    (tmp_path / "package.py").write_text(IMPORTS + code)
    (tmp_path / "conf" / "model").mkdir(parents=True)
    (tmp_path / "conf" / "model" / "vae.yaml").write_text(settings)
    return tmp_path


@pytest.mark.slow
def test_a_family_of_one_s_own_is_trained_guided_measured_and_reported(folder):
    command = [sys.executable, "-m", "uqgen.train", "experiment=moons", "model=vae", "enforcement=none"]
    few = ["debug=seconds", "model.training.n_images=25600", "run=run", "logger=csv", "cache=cache"]
    few += ["data.limit=4000", "evaluation.n_images=2000", "intervals.evaluate_every=25600"]
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(folder), *filter(None, sys.path)]),
    }
    done = subprocess.run(
        [*command, *few, "hydra.searchpath=[conf]"], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    results = json.loads((folder / "run" / "results.json").read_text())
    assert results["n_images_trained"] == 25_600
    alone, guided = results["by_strength"][0]["in_vs_out"], results["in_vs_out"]["uniform"]
    assert guided["mae"]["value"] < alone["mae"]["value"]
    assert guided["pearson"]["value"] > 0.2
    assert (folder / "run" / "report.html").exists()
