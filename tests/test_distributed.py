"""Processes that do one run together; two of them train for real in tests/generators/test_two_devices.py and below."""

import json
import os
import subprocess
import sys

import pytest
import torch

from uqgen import distributed


@pytest.mark.parametrize("n", [0, 1, 7, 8, 100])
@pytest.mark.parametrize("world_size", [1, 2, 3, 8])
def test_every_position_is_exactly_one_process_s(monkeypatch, n, world_size):
    monkeypatch.setattr(distributed, "world_size", lambda: world_size)
    done = []
    for rank in range(world_size):
        monkeypatch.setattr(distributed, "rank", lambda rank=rank: rank)
        done += range(n)[distributed.share(n)]
    assert done == list(range(n))


def test_one_process_alone_has_and_does_everything():
    part = torch.arange(3)
    assert distributed.gather(part) is part
    assert distributed.mean(part) is part
    assert distributed.from_main("here") == "here"
    assert range(5)[distributed.share(5)] == range(5)
    with distributed.main_first():
        assert distributed.rank() == 0


GATHER = """
import torch
from uqgen import distributed
distributed.join()
n = 7
print(distributed.gather(torch.arange(n)[distributed.share(n)]).tolist() == list(range(n)))
print(distributed.from_main(distributed.rank()) == 0)
print(distributed.mean(torch.tensor([float(distributed.rank())])).item() == 0.5)
distributed.leave()
"""
# What one process measures alone, it neither waits for nor counts twice. Its imports take seconds.
ALONE = """
import torch
from uqgen import distributed
from uqgen.evaluation.feature_training import TRAINING, FeatureModule
from uqgen.evaluation.features import FeatureNetwork
from uqgen.metrics.fidelity import frechet_distance
distributed.join()
if distributed.rank() == 0:
    features = torch.randn(100, 4, generator=torch.Generator().manual_seed(0)).double()
    module = FeatureModule(FeatureNetwork((1, 8, 8), 2), 2, TRAINING)
    for metric in module.recognised.values():
        metric.update(torch.tensor([0, 1]), torch.tensor([0, 1]))
        metric.compute()
    alone = frechet_distance(features[:50], features[50:])
    distributed.leave()
    print(abs(alone - frechet_distance(features[:50], features[50:])) < 1e-9)
else:
    distributed.leave()
"""


def torchrun_environment() -> dict[str, str]:
    return os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


@pytest.mark.slow
@pytest.mark.parametrize(("program", "n_true"), [(GATHER, 6), (ALONE, 1)])
def test_two_processes_gather_every_part_once_and_in_order_and_one_measures_alone(program, n_true, tmp_path):
    (tmp_path / "program.py").write_text(program)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [*command, tmp_path / "program.py"], env=torchrun_environment(), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("True") == n_true  # two processes may write into one line


@pytest.mark.slow
def test_a_run_on_two_devices_measures_what_a_run_on_one_does(tmp_path):
    requested = ["experiment=moons", "debug=seconds", "data.limit=2000", f"cache={tmp_path / 'cache'}", "logger=csv"]
    # Nobody has asked the judges about test images until results.json says how accurate they are there.
    requested += ["model.training.n_images=25600", "evaluation.n_images=2000", "evaluation.split=validation"]
    results = {}
    for name, trainer in {"one": ["trainer=cpu"], "two": ["trainer=ddp", "trainer.accelerator=cpu"]}.items():
        command = [sys.executable, "-m", "uqgen.train", *requested, *trainer, f"run={tmp_path / name}"]
        done = subprocess.run(command, env=torchrun_environment(), capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
        results[name] = json.loads((tmp_path / name / "results.json").read_text())
    accuracies = [found["classifier"]["judges_test_accuracy"] for found in results.values()]
    assert accuracies[0] == pytest.approx(accuracies[1], abs=0.02)
    assert accuracies[0]
    for protocol in ("data", "uniform"):
        one, two = (results[name]["in_vs_out"][protocol] for name in ("one", "two"))
        assert two["mae"]["value"] == pytest.approx(one["mae"]["value"], abs=0.02)
        assert two["pearson"]["value"] == pytest.approx(one["pearson"]["value"], abs=0.1)
    written = ["", "classifiers", "figures", "training"]
    files = {
        name: {f"{part}/{path.name}" for part in written for path in (tmp_path / name / part).iterdir()}
        for name in results
    }
    assert files["one"] == files["two"]
    assert (tmp_path / "two" / "train.log").read_text().count("evaluation ...") == 1


@pytest.mark.slow
def test_features_of_images_are_trained_by_one_of_two_devices_while_the_other_waits(tmp_path):
    requested = ["experiment=digits", "debug=seconds", "logger=csv", "trainer=ddp", "trainer.accelerator=cpu"]
    where = ["trainer.devices=2", f"cache={tmp_path / 'cache'}", f"run={tmp_path / 'run'}"]
    command = [sys.executable, "-m", "uqgen.train", *requested, *where]
    done = subprocess.run(command, env=torchrun_environment(), capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "results.json").exists()


@pytest.mark.slow
def test_several_machines_are_refused_unless_torchrun_starts_the_processes(tmp_path):
    command = [
        sys.executable,
        "-m",
        "uqgen.train",
        "experiment=moons",
        "trainer.num_nodes=2",
        f"run={tmp_path / 'run'}",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert (
        done.stderr
        == "uqgen: trainer.num_nodes=2: allowed: 1, unless torchrun starts it on every machine (docs/cluster.md)\n"
    )
    assert list(tmp_path.iterdir()) == []
