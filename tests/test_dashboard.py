import json
import os
import subprocess
import sys

import pytest

from uqgen.gan.callbacks.history import COLUMNS
from uqgen.tracking.workspace import JUDGES, specification, workspace

SECTIONS = ["In against out", "Quality", "Samples", "Throughput", "Training", "Sweep"]


def texts(node: object) -> set[str]:
    """Every string in a nest of plain values."""
    if isinstance(node, dict):
        return set().union(*map(texts, node.values()), set())
    if isinstance(node, list):
        return set().union(*map(texts, node), set())
    return {node} if isinstance(node, str) else set()


@pytest.fixture(scope="module")
def spec() -> dict:
    return specification(workspace("someone", "uqgen"))


def test_sections_stand_in_their_order(spec):
    sections = spec["section"]["panelBankConfig"]["sections"]
    assert [section["name"] for section in sections][: len(SECTIONS)] == SECTIONS


def test_what_is_drawn_is_what_runs_log(spec):
    drawn = {text for text in texts(spec) if text.startswith(("train/", "in_vs_out/", "judges/", "class_agreement/"))}
    logged = {f"train/{name}" for name in COLUMNS}
    logged |= {f"in_vs_out/{protocol}/{name}" for protocol in ("data", "uniform") for name in ("mae", "pearson")}
    logged |= {f"class_agreement/{protocol}" for protocol in ("data", "uniform")} | set(JUDGES)
    assert drawn == logged - {"train/n_images"}
    tables = {f"charts/{kind}_{protocol}_table" for kind in ("scatter", "curve") for protocol in ("data", "uniform")}
    assert tables <= texts(spec)
    assert "samples" in texts(spec)


def command(folder, *overrides: str, **environment: str) -> subprocess.CompletedProcess:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WANDB")}
    return subprocess.run(
        [sys.executable, "-m", "uqgen.dashboard", *overrides],
        cwd=folder,
        env=clean | {"HOME": str(folder), "NETRC": str(folder / "netrc")} | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_without_a_key_the_specification_is_written_and_nobody_is_asked(tmp_path, spec):
    done = command(tmp_path, "entity=someone")
    assert done.returncode == 0, done.stderr
    assert "wandb login" in done.stdout
    written = json.loads((tmp_path / "dashboard.json").read_text())
    names = [section["name"] for section in written["section"]["panelBankConfig"]["sections"]]
    assert names[: len(SECTIONS)] == SECTIONS
    assert texts(written) >= {text for text in texts(spec) if "/" in text}


def test_a_server_that_cannot_be_reached_is_one_line_and_the_file_stays(tmp_path):
    nowhere = {"WANDB_API_KEY": "k" * 40, "WANDB_BASE_URL": "http://127.0.0.1:9"}
    done = command(tmp_path, "entity=someone", **nowhere)
    assert done.returncode == 2
    assert "uqgen: W&B did not take the workspace" in done.stderr
    assert (tmp_path / "dashboard.json").exists()
