import pytest
import torch
from torch.nn.functional import cross_entropy

from uqgen.classifiers.calibration import TEMPERATURES, calibrate, calibration_error, fit_temperature
from uqgen.classifiers.cnn import CNN
from uqgen.classifiers.module import ClassifierTraining
from uqgen.classifiers.recipe import ClassifierRecipe
from uqgen.data.corruption import Corruption
from uqgen.data.mnist import MNISTDataModule
from uqgen.hardware import Hardware


def calibrated(n):
    """Logits float32 [n, 5] and labels that are drawn from their softmax: calibrated by construction."""
    logits = 2 * torch.randn(n, 5)
    return logits, logits.softmax(dim=1).multinomial(1).squeeze(1)


@pytest.mark.parametrize("factor", [0.2, 1, 7])
def test_the_factor_of_scaled_logits_is_recovered(factor):
    logits, label = calibrated(50_000)
    assert fit_temperature(factor * logits, label) == pytest.approx(factor, rel=0.02)


def test_the_likelihood_has_its_minimum_there():
    logits, label = calibrated(1_000)
    temperature = torch.tensor(fit_temperature(3 * logits, label), dtype=torch.float64, requires_grad=True)
    loss = cross_entropy(3 * logits.double() / temperature, label)
    (slope,) = torch.autograd.grad(loss, temperature)
    assert slope.item() == pytest.approx(0, abs=1e-7)
    for other in (0.9, 1.1):
        assert cross_entropy(3 * logits.double() / (temperature * other), label) > loss


def test_without_a_minimum_it_is_a_bound():
    logits = 0.1 * torch.eye(3)
    low, high = TEMPERATURES
    assert fit_temperature(logits, torch.arange(3)) == pytest.approx(low, rel=1e-4)  # always right
    assert fit_temperature(logits, torch.tensor([1, 2, 0])) == pytest.approx(high, rel=1e-4)  # always wrong


def test_the_error_by_hand():
    # Half of the images at 0.8, of which 60 % are right, the others at 0.6, all right: (0.2 + 0.4) / 2.
    logits = torch.tensor([[0.8, 0.2], [0.6, 0.4]]).log().repeat_interleave(5, dim=0)
    label = torch.tensor([0, 0, 0, 1, 1, 0, 0, 0, 0, 0])
    assert calibration_error(logits, label) == pytest.approx(0.3, abs=1e-6)


@pytest.mark.slow
def test_a_classifier_of_corrupted_mnist_that_learnt_too_long_is_calibrated(mnist_folder, tmp_path):
    data = MNISTDataModule(str(mnist_folder), Corruption(), limit=1_000, batch_size=32)
    data.setup()
    recipe = ClassifierRecipe(CNN, ClassifierTraining(epochs=12))
    classifier = recipe.obtain(data, {}, tmp_path, Hardware(accelerator="cpu"))
    validation, test = (classifier.predict(split.x) for split in (data.validation, data.test))
    found = calibrate(validation, data.validation.label, test, data.test.label)
    assert found.temperature > 1.2
    assert found.error_before == calibration_error(test, data.test.label)
    assert found.error_after < 0.75 * found.error_before
