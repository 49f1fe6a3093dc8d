"""Models and data modules under a plain Lightning Trainer, without our commands."""

import os
import subprocess
import sys
from itertools import islice, product
from pathlib import Path

import pytest
import torch
from lightning import Trainer
from lightning.pytorch.accelerators import CPUAccelerator
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.strategies import SingleDeviceStrategy
from other_device import OtherDevice
from torch.utils.data import DataLoader

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.classifiers.mlp import MLP
from uqgen.classifiers.module import ClassifierModule
from uqgen.conditioning.balanced import BalancedConditions
from uqgen.conditioning.condition import Condition
from uqgen.conditioning.fourier import FourierEncoding
from uqgen.conditioning.paper import PaperEncoding
from uqgen.conditioning.rank import RankEncoding
from uqgen.conditioning.scored import ScoredBatch
from uqgen.conditioning.scored_datamodule import ScoredDataModule
from uqgen.conditioning.softmax import SoftmaxEncoding
from uqgen.data.moons import MoonsDataModule
from uqgen.enforcement.auxiliary import Auxiliary
from uqgen.enforcement.consistency import Consistency
from uqgen.enforcement.enforcement import EnforcementContext
from uqgen.enforcement.mismatched import Mismatched
from uqgen.generators.flow.mlp import MLPVelocity
from uqgen.generators.flow.module import ConditionalFlow
from uqgen.generators.flow.sampling import FlowSampling
from uqgen.generators.flow.training import FlowTraining
from uqgen.generators.gan.mlp import MLPDiscriminator, MLPGenerator
from uqgen.generators.gan.module import ConditionalGAN
from uqgen.generators.gan.training import GANTraining
from uqgen.metrics.in_vs_out import in_vs_out

QUIET = {
    "accelerator": "cpu",
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
}


@pytest.fixture(scope="module")
def target() -> FrozenClassifier:
    torch.manual_seed(0)
    return FrozenClassifier(MLP((2,), 2))


@pytest.fixture(scope="module")
def scored(target) -> ScoredDataModule:
    data = ScoredDataModule(MoonsDataModule(200, 100, 100), target, batch_size=16, n_held_out=50)
    data.prepare_data()
    data.setup()
    return data


def gan_of(scored, enforcement=None, n_images=64, encoding=PaperEncoding, **training) -> ConditionalGAN:
    torch.manual_seed(1)
    encoding = encoding(2, scored.own("train"))
    generator = MLPGenerator((2,), encoding.part_dims, latent_dim=3, hidden=8, depth=3)
    discriminator = MLPDiscriminator((2,), encoding.part_dims, hidden=8, depth=3)
    if enforcement is not None:
        given = (scored.classifier, (), scored.score, encoding, discriminator, scored.own("train"))
        enforcement = enforcement(EnforcementContext(*given))
    settings = GANTraining(n_images=n_images, batch_size=16, **training)
    networks = (generator, discriminator, encoding)
    return ConditionalGAN(*networks, settings, enforcement, target=scored.classifier, score=scored.score)


def flow_of(scored, **training) -> ConditionalFlow:
    torch.manual_seed(1)
    encoding = SoftmaxEncoding(2, scored.own("train"))
    velocity = MLPVelocity((2,), encoding.part_dims, hidden=8, depth=2)
    settings = FlowTraining(n_images=64, batch_size=16, **training)
    given = (scored.classifier, scored.score)
    return ConditionalFlow(velocity, (2,), encoding, settings, FlowSampling(steps=4), *given)


MODELS = pytest.mark.parametrize("make", [gan_of, flow_of])


@MODELS
def test_fit_validate_test_and_predict(scored, make, tmp_path):
    model = make(scored)
    best = ModelCheckpoint(tmp_path, monitor="val/mae", filename="{step}")
    settings = QUIET | {"enable_checkpointing": True}
    trainer = Trainer(max_epochs=3, val_check_interval=2, log_every_n_steps=2, callbacks=[best], **settings)
    trainer.fit(model, datamodule=scored)
    assert model.n_images == 64
    assert {"val/mae", "val/pearson", *(f"train/{name}" for name in model.quantities[:1])} <= set(
        trainer.callback_metrics
    )
    assert 0 <= best.best_model_score <= 1
    (found,) = trainer.validate(model, datamodule=scored, verbose=False)
    assert set(found) == {"val/mae", "val/pearson"}
    (found,) = trainer.test(model, datamodule=scored, verbose=False)
    points = torch.cat(trainer.predict(model, datamodule=scored))
    assert points.shape == (50, 2)
    batches = list(scored.test_dataloader())
    requested = Condition(
        *(torch.cat([getattr(batch.requested, part) for batch in batches]) for part in ("label", "score"))
    )
    achieved = scored.score(scored.classifier(points), requested.label)
    expected = in_vs_out(requested.score, achieved, edges=[0, 1], n_resamples=2)
    assert found["test/mae"] == pytest.approx(expected.mae.value, abs=1e-5)
    assert found["test/pearson"] == pytest.approx(expected.pearson.value, abs=1e-4)


def test_training_ends_with_its_images_however_long_the_loader_is(scored):
    gan, trainer = gan_of(scored, n_images=40, decay=0.5), Trainer(max_epochs=5, **QUIET)
    trainer.fit(gan, DataLoader(list(islice(scored.train_dataloader(), 9)), batch_size=None))
    assert gan.n_images == 48
    assert all(optimizer.param_groups[0]["lr"] > 0 for optimizer in trainer.optimizers)


def test_a_loader_that_is_shorter_than_the_training_is_read_again(scored):
    gan = gan_of(scored, n_images=64)
    own = scored.own("train").select(slice(16))
    batch = ScoredBatch(scored.data.train[slice(16)].x, own, own)
    Trainer(max_epochs=10, **QUIET).fit(gan, DataLoader([batch, batch], batch_size=None))
    assert gan.n_images == 64


@MODELS
def test_a_checkpoint_alone_makes_the_model_again(scored, make, tmp_path):
    model = make(scored, ema_half_life=8)
    trainer = Trainer(max_epochs=1, **QUIET)
    trainer.fit(model, datamodule=scored)
    trainer.save_checkpoint(tmp_path / "model.ckpt")
    again = type(model).load_from_checkpoint(tmp_path / "model.ckpt", weights_only=True, map_location="cpu")
    requested = Condition(torch.tensor([0, 1, 1]), torch.tensor([0.6, 0.8, 0.9]))
    latent = model.draw_latent(3, torch.Generator().manual_seed(0))
    assert again(latent, requested).equal(model(latent, requested))
    assert again.settings == model.settings
    assert again.n_images == 64


def test_an_enforcement_is_left_out_of_a_checkpoint_s_model_or_given_anew(scored, tmp_path):
    gan = gan_of(scored, Auxiliary)
    trainer = Trainer(max_epochs=1, **QUIET)
    trainer.fit(gan, datamodule=scored)
    trainer.save_checkpoint(tmp_path / "gan.ckpt")
    alone = ConditionalGAN.load_from_checkpoint(tmp_path / "gan.ckpt", weights_only=True)
    assert not list(alone.enforcement.parameters())
    given = gan_of(scored, Auxiliary).enforcement
    again = ConditionalGAN.load_from_checkpoint(tmp_path / "gan.ckpt", weights_only=True, enforcement=given)
    assert again.enforcement.head.weight.equal(gan.enforcement.head.weight)


@pytest.mark.parametrize("enforcement", [Consistency, Auxiliary])
def test_the_target_is_moved_with_the_model_and_neither_trained_nor_kept(scored, enforcement, tmp_path):
    gan = gan_of(scored, enforcement)
    before = scored.classifier.digest()
    trainer = Trainer(max_epochs=1, **QUIET)
    trainer.fit(gan, datamodule=scored)
    trainer.save_checkpoint(tmp_path / "gan.ckpt")
    assert scored.classifier.digest() == before
    assert scored.classifier in set(gan.modules())
    frozen = {id(weight) for weight in scored.classifier.parameters()}
    trained = [weight for opt in trainer.optimizers for group in opt.param_groups for weight in group["params"]]
    assert not frozen & {id(weight) for weight in trained}
    kept = torch.load(tmp_path / "gan.ckpt", weights_only=True)["state_dict"]
    assert not [name for name in kept if "target" in name or "classifiers" in name]
    again = gan_of(scored, enforcement)
    again.load_state_dict(kept)  # and nothing is missed
    again.to("meta")
    assert all(weight.is_meta for weight in again.target.parameters())
    scored.classifier.to_empty(device="cpu")
    scored.classifier.load_state_dict(FrozenClassifier(MLP((2,), 2)).state_dict())


def train_elsewhere(model, data, monkeypatch) -> None:
    """Trains on a device like Apple's GPU, which is not the data's and has no float64."""
    monkeypatch.setattr(CPUAccelerator, "setup_device", lambda self, device: None)  # which refuses all but the CPU
    with OtherDevice("mps", monkeypatch) as device:
        trainer = Trainer(max_epochs=1, strategy=SingleDeviceStrategy(device.device), **QUIET)
        trainer.fit(model, *data)
    assert model.n_images == model.settings.n_images


EACH_ONCE = [
    (None, SoftmaxEncoding),
    (Auxiliary, RankEncoding),
    (Consistency, SoftmaxEncoding),
    (Mismatched, FourierEncoding),
]
PAIRS = product([None, Auxiliary, Consistency, Mismatched], [RankEncoding, FourierEncoding, SoftmaxEncoding])


@pytest.mark.parametrize(
    ("enforcement", "encoding"),
    [pytest.param(*pair, marks=[] if pair in EACH_ONCE else pytest.mark.slow) for pair in PAIRS],
)
def test_a_gan_of_points_trains_elsewhere(scored, encoding, enforcement, monkeypatch):
    train_elsewhere(gan_of(scored, enforcement, encoding=encoding), [scored], monkeypatch)


def test_balanced_groups_train_elsewhere(monkeypatch):
    scored = ScoredDataModule(
        MoonsDataModule(200, 100, 100),
        FrozenClassifier(MLP((2,), 2)),
        sampler=BalancedConditions,
        batch_size=16,
        group=4,
    )
    scored.setup()
    train_elsewhere(gan_of(scored), [scored], monkeypatch)


def test_a_flow_of_points_trains_elsewhere(scored, monkeypatch):
    train_elsewhere(flow_of(scored), [scored], monkeypatch)


@pytest.mark.parametrize(
    ("make", "settings"),
    [("make_gan", {"path_length_weight": 2.0, "style_mixing": 0.9, "penalty_every": 2}), ("make_flow", {})],
)
def test_a_model_of_images_trains_elsewhere(make, settings, request, monkeypatch):
    own = Condition(torch.arange(8) % 3, torch.rand(8))
    batches = DataLoader([ScoredBatch(torch.randn(8, 1, 8, 8), own, own)] * 8, batch_size=None)
    train_elsewhere(request.getfixturevalue(make)(**settings), [batches], monkeypatch)


DDP = """
import sys
import torch
from lightning import Trainer
sys.path.insert(0, {tests!r})
from test_standing_alone import QUIET, ClassifierModule, FrozenClassifier, MLP
from test_standing_alone import MoonsDataModule, ScoredDataModule, gan_of
if __name__ == "__main__":
    torch.manual_seed(0)
    data = ScoredDataModule(MoonsDataModule(200, 100, 100), FrozenClassifier(MLP((2,), 2)), batch_size=16)
    data.setup()
    gan = gan_of(data, n_images=96)
    devices = int(sys.argv[2])
    trainer = Trainer(devices=devices, strategy="ddp" if devices > 1 else "auto", max_epochs=1, **QUIET)
    trainer.fit(gan, datamodule=data)
    classifier = ClassifierModule(MLP((2,), 2), 2)
    again = Trainer(devices=devices, strategy="ddp" if devices > 1 else "auto", max_epochs=8, **QUIET)
    again.fit(classifier, MoonsDataModule(2_000, 1_000, 1_000))
    (measured,) = again.validate(classifier, MoonsDataModule(2_000, 1_000, 1_000))
    if trainer.is_global_zero:
        torch.save(dict(gan=gan.state_dict(), classifier=classifier.state_dict(), measured=measured), sys.argv[1])
"""


@pytest.mark.slow
def test_lightning_s_own_launcher_trains_what_one_process_would(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(DDP.format(tests=str(Path(__file__).parent)))
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    for devices in (1, 2):
        command = [sys.executable, program, tmp_path / f"{devices}.pt", str(devices)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
    alone, both = (torch.load(tmp_path / f"{devices}.pt", weights_only=True) for devices in (1, 2))
    for name, value in alone["gan"].items():
        torch.testing.assert_close(
            both["gan"][name], value, rtol=1e-3, atol=1e-4, msg=lambda text, n=name: f"{n}: {text}"
        )
    # Each device takes a batch of its own, so the classifiers differ; what two measure together, one does of the same.
    assert alone["measured"]["val/accuracy"] > 0.8
    classifier, data = ClassifierModule(MLP((2,), 2), 2), MoonsDataModule(2_000, 1_000, 1_000)
    classifier.load_state_dict(both["classifier"])
    (measured,) = Trainer(**QUIET).validate(classifier, data)
    assert both["measured"] == pytest.approx(measured, abs=1e-6)
    assert measured["val/accuracy"] > 0.8
