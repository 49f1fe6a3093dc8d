import math

import pytest
import torch
from lightning import Callback, Trainer
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from torch.nn.functional import cross_entropy

from uqgen.classifiers.mlp import MLP
from uqgen.classifiers.module import ClassifierModule, ClassifierTraining
from uqgen.data.moons import MoonsDataModule, draw_moons
from uqgen.hardware import Hardware
from uqgen.settings import SettingError


class Recorder(Callback):
    """Keeps the learning rate of every batch."""

    def __init__(self):
        self.rates = []

    def on_train_batch_start(self, trainer, *args):
        self.rates.append(trainer.optimizers[0].param_groups[0]["lr"])


@pytest.fixture(scope="module")
def trained():
    torch.manual_seed(0)
    data, recorder = MoonsDataModule(n_train=2000, n_validation=1000, n_test=2, batch_size=100), Recorder()
    data.setup()
    # Classes of unequal numbers, as they are in most data, and an incomplete last batch.
    place = torch.arange(1000)
    data.validation = data.validation.subset((data.validation.label == 0) | (place % 3 == 0))
    module = ClassifierModule(MLP((2,), 2), 2, ClassifierTraining(epochs=6, learning_rate=0.02))
    trainer = Hardware(accelerator="cpu").trainer(max_epochs=6, callbacks=[recorder], num_sanity_val_steps=0)
    trainer.fit(module, datamodule=data)
    return module.eval(), data, trainer, recorder


def test_moons_are_told_apart_as_well_as_they_can_be(trained):
    module, data, _trainer, _recorder = trained
    found = (module(data.validation.x).argmax(dim=1) == data.validation.label).float().mean()
    # The best there is: the class under which a point is the more probable, its density the mean of many Gaussians.
    clean = draw_moons(2000, 0.0, seed=9)
    log_densities = [
        torch.cdist(data.validation.x, clean.x[clean.label == k]).square().div(-2 * 0.3**2).logsumexp(1) for k in (0, 1)
    ]
    best = (torch.stack(log_densities).argmax(dim=0) == data.validation.label).float().mean()
    assert 0.88 < best < 0.94
    assert found > best - 0.015


def test_what_is_logged_is_the_accuracy_and_calibration_error_of_the_validation_split(trained):
    module, data, trainer, _recorder = trained
    with torch.no_grad():
        confidence, predicted = module(data.validation.x).softmax(dim=1).max(dim=1)
    right = (predicted == data.validation.label).double()
    assert trainer.callback_metrics["val/accuracy"].item() == pytest.approx(right.mean().item(), abs=1e-6)
    error = 0.0
    for low in range(15):
        inside = (confidence > low / 15) & (confidence <= (low + 1) / 15)
        if inside.any():
            gap = (right[inside].mean() - confidence[inside].double().mean()).abs().item()
            error += inside.double().mean().item() * gap
    assert trainer.callback_metrics["val/calibration_error"].item() == pytest.approx(error, abs=1e-5)


def test_the_learning_rate_makes_one_cycle(trained):
    _module, _data, _trainer, recorder = trained
    rates = recorder.rates
    assert len(rates) == 6 * 20
    peak = max(range(len(rates)), key=rates.__getitem__)
    assert rates[peak] == pytest.approx(0.02)
    assert peak / len(rates) == pytest.approx(0.3, abs=0.02)  # Smith and Topin's cycle, as torch has it
    assert rates[:peak] == sorted(rates[:peak])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[-1] < 1e-3 * rates[peak]


def test_the_loss_is_the_cross_entropy():
    module = ClassifierModule(MLP((2,), 3), 3, ClassifierTraining())
    data = MoonsDataModule(n_train=10)
    data.setup()
    batch = data.train[[0, 1, 2]]
    module.log = lambda *args, **kwargs: None
    logits = module(batch.x)
    expected = -torch.stack([logits[i].log_softmax(0)[batch.label[i]] for i in range(3)]).mean()
    torch.testing.assert_close(module.training_step(batch, 0), expected)
    torch.testing.assert_close(expected, cross_entropy(logits, batch.label))


@pytest.mark.parametrize(
    "setting",
    [
        {"epochs": 0},
        {"epochs": 1.5},
        {"learning_rate": 0},
        {"learning_rate": math.nan},
        {"weight_decay": -1},
        {"seed": -1},
    ],
)
def test_settings_out_of_range_are_refused(setting):
    with pytest.raises(SettingError, match=f"^{next(iter(setting))}="):
        ClassifierTraining(**setting)


def test_it_stands_alone_under_lightning_s_trainer(tmp_path):
    data = MoonsDataModule(n_train=200, n_validation=100, n_test=150)
    module = ClassifierModule(MLP((2,), 2), 2, ClassifierTraining(epochs=2))
    best = ModelCheckpoint(tmp_path, monitor="val/accuracy", mode="max", filename="best")
    stop = EarlyStopping("val/calibration_error")
    settings = {"accelerator": "cpu", "logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = Trainer(max_epochs=2, callbacks=[best, stop], **settings)
    trainer.fit(module, data)
    (validated,) = trainer.validate(module, data, verbose=False)
    assert validated["val/accuracy"] == trainer.callback_metrics["val/accuracy"]
    (tested,) = trainer.test(module, data, verbose=False)
    probabilities = torch.cat(trainer.predict(module, data))
    assert probabilities.sum(dim=1).allclose(torch.ones(150))
    right = (probabilities.argmax(dim=1) == data.test.label).float().mean()
    assert tested["test/accuracy"] == pytest.approx(right.item())
    again = ClassifierModule.load_from_checkpoint(best.best_model_path, weights_only=True)
    assert again.settings == module.settings
    assert again(data.test.x).shape == (150, 2)


def test_a_checkpoint_of_a_network_of_one_s_own_needs_the_network(tmp_path):
    module = ClassifierModule(torch.nn.Linear(2, 3), 3)
    trainer = Trainer(accelerator="cpu", logger=False, enable_progress_bar=False, enable_checkpointing=False)
    trainer.strategy.connect(module)
    trainer.save_checkpoint(tmp_path / "own.ckpt")
    other = torch.nn.Linear(2, 3)
    again = ClassifierModule.load_from_checkpoint(tmp_path / "own.ckpt", weights_only=True, network=other)
    assert again.network.weight.equal(module.network.weight)
