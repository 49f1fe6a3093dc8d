import os
import subprocess
import sys

import pytest
import torch

PROGRAM = """
import sys
from pathlib import Path

import torch

from uqgen.conditioning.condition import Condition
from uqgen.conditioning.paper import PaperEncoding
from uqgen.conditioning.sampling import DataConditions
from uqgen.data.labelled import LabelledData
from uqgen.gan.fit import Intervals, fit
from uqgen.gan.module import ConditionalGAN
from uqgen.gan.training import GANTraining
from uqgen.hardware import Hardware
from uqgen.networks.stylegan2 import Discriminator, Generator

folder = Path(sys.argv[1])
index, zeros = torch.arange(44), torch.zeros(44, dtype=torch.int64)
own = Condition(index % 3, index / 100)
data = LabelledData(index.to(torch.uint8).reshape(44, 1, 1, 1).repeat(1, 1, 8, 8), own.label, zeros, zeros)
torch.manual_seed(0)
encoding = PaperEncoding(3, own)
generator = Generator((1, 8, 8), encoding.part_dims, (4, 3), latent_dim=4, w_dim=4)
discriminator = Discriminator((1, 8, 8), encoding.part_dims, (4, 3), w_dim=4, features=8)
training = GANTraining(n_images=64, batch_size=8, penalty_every=2, path_length_weight=2.0, style_mixing=0.9)
gan = ConditionalGAN(generator, discriminator, encoding, DataConditions(own), training)
hardware = Hardware(accelerator="cpu", devices=2, precision="32-true")
fit(gan, data, own, hardware, Intervals(log_every=16, checkpoint_every=32), folder / "run", [])
assert gan.n_images == 64
torch.save(gan.state_dict(), folder / f"{gan.global_rank}.pt")
"""


@pytest.mark.slow
def test_two_devices_train_one_gan(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    command = [sys.executable, tmp_path / "program.py", tmp_path]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2))
    kept = torch.load(tmp_path / "run" / "last.ckpt", weights_only=True)["state_dict"]
    for name, value in first.items():
        if "mean" not in name:  # moving averages of what each device saw
            assert value.equal(second[name]), name
            assert value.equal(kept[name]), name
