"""The command lines, whose own tests say what they do: help, and what they refuse."""

import ast
import runpy
import subprocess
import sys

import pytest

NOWHERE = "run=nowhere"
TRAIN, EXPLAIN, APP, COMPARE = "train", "explain", "app", "compare"
EVALUATE, LOOK, PLANTED = "evaluate", "look", "planted"
IMAGE = "allowed: a file, or a position in the test split"


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        (
            TRAIN,
            ["condition=papr"],
            "condition=papr: allowed: class, fourier, logit, none, paper, paper_raw, rank, soft",
        ),
        (TRAIN, ["model.training.batchsize=3"], "model.training.batchsize=3: allowed: n_images, batch_size, "),
        (TRAIN, ["sed=3"], "sed=3: allowed: name, seed, run, "),
        (TRAIN, ["model.training.batch_size=0"], "model.training.batch_size=0: allowed: an integer of at least 2"),
        (TRAIN, ["logger=null"], "logger=null: allowed: csv, tensorboard, wandb, [] for none"),
        (TRAIN, ["seed"], "Error parsing override 'seed'"),
        (TRAIN, ["classifier=torchscript"], "classifier.file=???: allowed: a value of your own"),
        (COMPARE, ["sweep=nowhere"], "sweep=nowhere: allowed: the folder of a sweep"),
        (COMPARE, [], "sweep=???: allowed: a value of your own"),
        (COMPARE, ["sweeps=nowhere"], "sweeps=nowhere: allowed: sweep"),
        (EVALUATE, [NOWHERE], "run=nowhere: allowed: the folder of a run"),
        (EVALUATE, [], "run=???: allowed: a value of your own"),
        (APP, [NOWHERE], "run=nowhere: allowed: the folder of a run"),
        (APP, [NOWHERE, "port=0"], "port=0: allowed: an integer of at least 1"),
        (APP, [NOWHERE, "port=65536"], "port=65536: allowed: 1 to 65535"),
        (APP, [], "run=???: allowed: a value of your own"),
        (APP, [NOWHERE, "share=true"], "share=true: allowed: run, allow_changed, port, trust_code"),
        (EXPLAIN, [NOWHERE], "run=nowhere: allowed: the folder of a run"),
        (EXPLAIN, [NOWHERE, "explanation.n_scores=1"], "explanation.n_scores=1: allowed: an integer of at least 2"),
        (EXPLAIN, [NOWHERE, "image=none.png"], f"image=none.png: {IMAGE}"),
        (EXPLAIN, [NOWHERE, "edits=0"], "edits=0: allowed: an integer of at least 1"),
        (EXPLAIN, [NOWHERE, "image=1", "edits=2"], "edits=2: allowed: without image="),
        (EXPLAIN, [NOWHERE, "edits=2", "between=[1,2]"], "between=[1, 2]: allowed: without edits="),
        (EXPLAIN, [NOWHERE, "between=[1]"], "between=[1]: allowed: two images, as [17,mine.png]"),
        (EXPLAIN, [NOWHERE, "between=1"], "between=1: allowed: two images, as [17,mine.png]"),
        (EXPLAIN, [NOWHERE, "between=[1,no.png]"], f"between=no.png: {IMAGE}"),
        (EXPLAIN, [NOWHERE, "between=[1.5,2]"], f"between=1.5: {IMAGE}"),
        (EXPLAIN, [NOWHERE, "editing.n_between=1"], "editing.n_between=1: allowed: an integer of at least 2"),
        (EXPLAIN, [NOWHERE, "editing.n_scores=1"], "editing.n_scores=1: allowed: an integer of at least 2"),
        (EXPLAIN, [], "run=???: allowed: a value of your own"),
        (EXPLAIN, ["runs=nowhere"], "runs=nowhere: allowed: run, allow_changed, split, explanation"),
        (LOOK, [NOWHERE], "run=nowhere: allowed: the folder of a run"),
        (LOOK, [NOWHERE, "n=1"], "n=1: allowed: an integer of at least 2"),
        (LOOK, [NOWHERE, "seed=-1"], "seed=-1: allowed: an integer of at least 0"),
        (LOOK, [], "run=???: allowed: a value of your own"),
        (PLANTED, [NOWHERE, "planted.kinds=3"], "planted.kinds=3: allowed: a list of weaknesses, as [slanted,spot]"),
        (PLANTED, [NOWHERE, "planted.seeds=[]"], "planted.seeds=[]: allowed: a list of seeds, as [0,1]"),
        (LOOK, ["images=60"], "images=60: allowed: run, allow_changed, n, split, seed"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(tmp_path, command, arguments, message, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [f"uqgen.{command}", *arguments])
    with pytest.raises(SystemExit) as ended:  # in this process, which has imported already what takes seconds
        runpy.run_module(f"uqgen.{command}", run_name="__main__")
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert said.splitlines()[-1].startswith(f"uqgen: {message}")
    assert "Traceback" not in said
    assert not list(tmp_path.iterdir())


HELP = """
import runpy, sys
from contextlib import redirect_stdout, suppress
from io import StringIO

def printed(command):
    sys.argv = [f"uqgen.{command}", "--help"]
    with redirect_stdout(StringIO()) as said, suppress(SystemExit):
        runpy.run_module(f"uqgen.{command}", run_name="__main__")
    return said.getvalue()

said = {command: printed(command) for command in sys.argv[1:]}
print({"said": said, "imported": sorted(sys.modules)})
"""
SLOW = {"torch", "lightning", "scipy", "matplotlib", "gradio", "wandb", "wandb_workspaces"}


@pytest.fixture(scope="module")
def helped(tmp_path_factory):
    """What each command's --help says, and all that was imported for it, in one process, which takes long to start."""
    line = [sys.executable, "-c", HELP, *HELPED]
    folder = tmp_path_factory.mktemp("anywhere")
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return ast.literal_eval(done.stdout)


HELPED = {
    TRAIN: (
        "python -m uqgen.train experiment=mnist_corrupt",
        "experiment: digits, fashion_mnist, mnist, mnist_corrupt, moons, shapes",
        "seed: 0",
    ),
    "dashboard": (
        "python -m uqgen.dashboard entity=my-team project=uqgen",
        "entity: null",
        "file: dashboard-${project}.json",
    ),
    COMPARE: ("python -m uqgen.compare sweep=",),
    **{command: (f"python -m uqgen.{command} run=",) for command in (EVALUATE, APP, EXPLAIN, LOOK)},
}


@pytest.mark.parametrize("command", HELPED)
def test_help_shows_choices_settings_and_examples(helped, command):
    for text in HELPED[command]:
        assert text in helped["said"][command]


def test_help_does_not_wait_for_slow_imports(helped):
    assert not SLOW & set(helped["imported"])
