"""One model on two devices, here processes on a CPU, is the model that one device trains."""

import os
import subprocess
import sys

import pytest
import torch

PROGRAM = """
import sys
from pathlib import Path

import torch

from uqgen import distributed
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.paper import PaperEncoding
from uqgen.data.datamodule import InMemoryDataModule
from uqgen.data.labelled import LabelledData
from uqgen.conditioning.scored_datamodule import ScoredDataModule
from uqgen.fitting.fit import Intervals, fit
from uqgen.generators.flow.module import ConditionalFlow
from uqgen.generators.flow.sampling import FlowSampling
from uqgen.generators.flow.training import FlowTraining
from uqgen.generators.flow.unet import UNet
from uqgen.generators.gan.module import ConditionalGAN
from uqgen.generators.gan.training import GANTraining
from uqgen.hardware import Hardware
from uqgen.generators.gan.stylegan2 import Discriminator, Generator

folder, devices, family, settings = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], eval(sys.argv[4])
index, zeros = torch.arange(44), torch.zeros(44, dtype=torch.int64)
own = Condition(index % 3, index / 100)
data = LabelledData(index.to(torch.uint8).reshape(44, 1, 1, 1).repeat(1, 1, 8, 8), own.label, zeros, zeros)


class Data(InMemoryDataModule):
    shape, n_classes = (1, 8, 8), 3

    def setup(self, stage="fit"):
        self.train = self.validation = self.test = data


class Scored(ScoredDataModule):
    def own(self, split):
        return own


scored = Scored(Data(8, None, 0), None, batch_size=8, logits={})
torch.manual_seed(0)
encoding = PaperEncoding(3, own)
shape, part_dims = (1, 8, 8), encoding.part_dims
if family == "flow":
    velocity = UNet(shape, part_dims, (8, 8), embedding=8)
    training = FlowTraining(n_images=64, batch_size=8, **settings)
    model = ConditionalFlow(velocity, shape, encoding, training, FlowSampling())
else:
    generator = Generator(shape, part_dims, (4, 3), latent_dim=4, w_dim=4)
    discriminator = Discriminator(shape, part_dims, (4, 3), w_dim=4, features=8)
    training = GANTraining(n_images=64, batch_size=8, penalty_every=2, **settings)
    model = ConditionalGAN(generator, discriminator, encoding, training)
hardware = Hardware(accelerator="cpu", devices=devices, precision="32-true")
distributed.join()
fit(model, scored, hardware, Intervals(log_every=16, checkpoint_every=32), folder / "run", [], [])
assert model.n_images == 64
torch.save(model.state_dict(), folder / f"{model.global_rank}.pt")
distributed.leave()
"""


def train_on(devices: int, folder, family: str = "gan", **settings: float) -> list[dict[str, torch.Tensor]]:
    """The state of the model in each process at the end."""
    folder.mkdir()
    program = folder / "program.py"
    program.write_text(PROGRAM)
    torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={devices}"] if devices > 1 else []
    command = [sys.executable, *torchrun, program, folder, str(devices), family, repr(settings)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "find_unused_parameters" not in done.stderr
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(devices)]


@pytest.mark.slow
@pytest.mark.parametrize("family", ["gan", "flow"])
def test_two_devices_train_what_one_would_have_trained(tmp_path, family):
    (alone,) = train_on(1, tmp_path / "one", family)
    first, second = train_on(2, tmp_path / "two", family)
    for name, value in alone.items():
        torch.testing.assert_close(first[name], value, rtol=1e-3, atol=1e-4, msg=lambda text, n=name: f"{n}: {text}")
        assert first[name].equal(second[name]), name
    one, two = ((tmp_path / name / "run" / "history.csv").read_text().splitlines() for name in ("one", "two"))
    assert one[0] == two[0]
    for alone_row, row in zip(one[1:], two[1:], strict=True):
        numbers = [[float(cell) for cell in text.split(",")[:-2] if cell] for text in (alone_row, row)]
        assert numbers[1] == pytest.approx(numbers[0], rel=1e-3, abs=1e-4)


@pytest.mark.slow
def test_devices_stay_together_under_every_regularisation(tmp_path):
    first, second = train_on(2, tmp_path / "two", path_length_weight=2.0, style_mixing=0.9)
    kept = torch.load(tmp_path / "two" / "run" / "last.ckpt", weights_only=True)["state_dict"]
    for name, value in first.items():
        assert value.equal(second[name]), name
        assert value.equal(kept[name]), name
