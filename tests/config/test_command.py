import subprocess
import sys

import pytest

COMMAND_LINES = [
    ("experiment=mnst", "uqgen: experiment=mnst: allowed: digits, fashion_mnist, mnist, mnist_corrupt, moons, shapes"),
    ("condition=papr", "uqgen: condition=papr: allowed: class, fourier, logit, none, paper, paper_raw, rank, softmax"),
    ("model.training.batchsize=3", "uqgen: model.training.batchsize=3: allowed: n_images, batch_size, "),
    ("sed=3", "uqgen: sed=3: allowed: name, seed, run, "),
    ("model.training.batch_size=0", "uqgen: model.training.batch_size=0: allowed: an integer of at least 2"),
    ("logger=null", "uqgen: logger=null: allowed: csv, tensorboard, wandb, [] for none"),
    ("seed", "uqgen: Error parsing override 'seed'"),
    ("classifier=torchscript", "uqgen: classifier.file=???: allowed: a value of your own"),
]


@pytest.mark.parametrize(("override", "line"), COMMAND_LINES, ids=[override for override, _ in COMMAND_LINES])
def test_the_command_refuses_in_one_line_before_any_work(override, line, tmp_path):
    command = [sys.executable, "-m", "uqgen.train", override, f"cache={tmp_path / 'cache'}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert done.stderr.startswith(line)
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []
