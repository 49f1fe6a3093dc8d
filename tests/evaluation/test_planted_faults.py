"""Generators with a known fault each, and a sound one, on corrupted MNIST: the verdict names what was planted."""

from contextlib import nullcontext

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torchvision.transforms.v2.functional import gaussian_blur

from uqgen.classifiers.cnn import CNN
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.classifiers.predictions import SPLITS
from uqgen.conditioning.condition import Condition
from uqgen.data.corruption import CORRUPTIONS, Corruption
from uqgen.data.labelled import LabelledData, unit_range
from uqgen.data.mnist import MNISTDataModule
from uqgen.evaluation.evaluation_settings import EvaluationSettings
from uqgen.evaluation.features import load_features
from uqgen.evaluation.measure import Evaluator
from uqgen.generators.latent import Latent
from uqgen.metrics import fidelity, local_sensitivity, memorisation, two_sample
from uqgen.metrics.two_sample import Told
from uqgen.scores import get_score

N_TRAINED = 6_000  # images that a classifier sees once, so that it doubts many
MOST_CHANGE = 0.1  # of a pixel in [-1, 1] by adversarial noise: one twentieth of its range


@pytest.fixture(scope="module", autouse=True)
def _quick():
    with pytest.MonkeyPatch.context() as patch:
        for looked_at in (memorisation, local_sensitivity):
            patch.setattr(looked_at, "N_MOST", 600)
        patch.setattr(fidelity, "KID_SUBSET_SIZE", 20)  # of which no fault is told
        patch.setattr(two_sample, "tell_apart", _remembered(two_sample.tell_apart))  # its floor is the same each time
        yield


def _remembered(tell_apart):
    known = {}

    def told(generated: Tensor, real: Tensor, seed: int) -> Told:
        key = (generated.numpy().tobytes(), real.numpy().tobytes(), seed)
        if key not in known:
            known[key] = tell_apart(generated, real, seed)
        return known[key]

    return told


@pytest.fixture(scope="module")
def data(mnist_folder) -> MNISTDataModule:
    """Its validation split is large: planted generators show images of it, which nothing else uses."""
    data = MNISTDataModule(mnist_folder, Corruption(), n_validation=35_000)
    data.setup()
    return data


@pytest.fixture(scope="module")
def evaluator(data) -> Evaluator:
    target, score = _classifier(data, seed=0, channels=(8, 16)), get_score("msp")
    judges = {f"judge {seed}": _classifier(data, seed, channels=(8, 16, 32)) for seed in (1, 2)}
    logits = {split: target.predict(getattr(data, split).x) for split in SPLITS}
    own = Condition(data.train.label, score(logits["train"], data.train.label))
    small = {
        "n_images": 2_000,
        "n_resamples": 100,
        "n_at_sampling": 2,
        "n_recalibration": 20,
        "best_of": 1,
        "n_by_strength": 20,
    }
    settings = EvaluationSettings(**small, strengths=[], n_manifold=100, reachable={"msp": [0.3, 1.0]})
    features = load_features(data.feature_weights, data.shape, data.n_classes)
    return Evaluator(data, target, judges, score, own, logits, settings, features)


def _classifier(data: MNISTDataModule, seed: int, channels: tuple[int, ...]) -> FrozenClassifier:
    torch.manual_seed(seed)
    network = CNN(data.shape, data.n_classes, channels, hidden=32)
    optimizer = torch.optim.AdamW(network.parameters(), 3e-3)
    for index in torch.randperm(len(data.train))[:N_TRAINED].split(64):
        batch = data.train[index]
        optimizer.zero_grad()
        cross_entropy(network(batch.x), batch.label).backward()
        optimizer.step()
    return FrozenClassifier(network.eval())


class RealImages(nn.Module):
    """Stands in for a generator: shows real images of the class and about the score requested, each once if it can."""

    device = torch.device("cpu")
    guidance = None

    def guided_by(self, guidance: None) -> nullcontext:
        return nullcontext()

    def __init__(self, images: LabelledData, score: Tensor) -> None:
        super().__init__()
        self.images, self.score = images, score

    def draw(self, n: int, conditions: list[Condition], rng: torch.Generator, share: slice = slice(None)) -> Latent:
        return Latent(torch.randn(n, 1, generator=rng)).select(share)

    def shown(self, condition: Condition) -> Tensor:
        """Positions of the images shown."""
        found = torch.empty_like(condition.label)
        for label in condition.label.unique():
            requested = (condition.label == label).nonzero().squeeze(1)
            requested = requested[condition.score[requested].argsort()]
            there = (self.images.label == label).nonzero().squeeze(1)
            there = there[self.score[there].argsort()]
            found[requested] = there[_each_once(self.score[there].numpy(), condition.score[requested].numpy())]
        return found

    def __call__(self, latent: Latent, condition: Condition) -> Tensor:
        return unit_range(self.images.x[self.shown(condition)])


def _each_once(there: np.ndarray, requested: np.ndarray) -> np.ndarray:
    """For scores requested, increasing, positions among scores that are there; no two are the same unless far off."""
    nearest = np.searchsorted(there, requested).clip(max=len(there) - 1)
    step = np.arange(len(requested))
    apart = np.maximum.accumulate(nearest - step) + step
    apart = np.minimum(apart, len(there) - len(requested) + step).clip(min=0)
    return np.where(np.abs(there[apart] - requested) < 0.02, apart, nearest)


class OneOfEachClass(RealImages):
    """One picture of each class, whatever the score, with a little fresh noise."""

    def __call__(self, latent: Latent, condition: Condition) -> Tensor:
        first = torch.stack([(self.images.label == label).nonzero()[0, 0] for label in range(10)])
        images = unit_range(self.images.x[first[condition.label]])
        return images + 0.05 * torch.randn(images.shape, generator=torch.Generator().manual_seed(0))


class OtherScores(RealImages):
    """Real images of the class, of any score."""

    def shown(self, condition: Condition) -> Tensor:
        order = torch.randperm(len(condition.score), generator=torch.Generator().manual_seed(0))
        mixed = torch.rand(len(order), generator=torch.Generator().manual_seed(1)) * 0.7 + 0.3
        return super().shown(Condition(condition.label, mixed[order]))


class OtherClass(RealImages):
    """Real images of the score requested, three in ten of them of the next class."""

    def shown(self, condition: Condition) -> Tensor:
        is_other = torch.rand(len(condition.label), generator=torch.Generator().manual_seed(0)) < 0.3
        return super().shown(Condition((condition.label + is_other) % 10, condition.score))


class Adversarial(OtherScores):
    """Real images of any score, changed where one hardly sees it until the target gives them the score requested."""

    def __init__(self, images: LabelledData, score: Tensor, target: FrozenClassifier) -> None:
        super().__init__(images, score)
        self.target = target

    def __call__(self, latent: Latent, condition: Condition) -> Tensor:
        images = super().__call__(latent, condition)
        parts = zip(images.split(500), condition.label.split(500), condition.score.split(500), strict=True)
        return torch.cat([self._changed(*part) for part in parts])

    def _changed(self, images: Tensor, label: Tensor, score: Tensor) -> Tensor:
        """Projected gradient descent (Madry et al., 2018) on the distance of the class's probability from the score."""
        changed = images
        for step in (0.02, 0.02, 0.02, 0.02, 0.01, 0.01, 0.01, 0.005, 0.005, 0.005):
            changed = changed.detach().requires_grad_()
            found = self.target(changed).softmax(dim=1).gather(1, label[:, None]).squeeze(1)
            (gradient,) = torch.autograd.grad((found - score).abs().sum(), changed)
            changed = torch.clamp(changed - step * gradient.sign(), images - MOST_CHANGE, images + MOST_CHANGE)
        return changed.detach()


class Chimeras(RealImages):
    """The upper half of an image of the class and score requested, the lower half of one of any class."""

    def __call__(self, latent: Latent, condition: Condition) -> Tensor:
        upper, half = super().__call__(latent, condition), self.images.x.shape[2] // 2
        other = torch.randint(len(self.images), (len(upper),), generator=torch.Generator().manual_seed(0))
        return torch.cat([upper[:, :, :half], unit_range(self.images.x[other])[:, :, half:]], dim=2)


class HalfBlurred(RealImages):
    """Real images of the class and score requested, whose left half is blurred."""

    def __call__(self, latent: Latent, condition: Condition) -> Tensor:
        images = super().__call__(latent, condition)
        left = torch.arange(images.shape[-1]) < images.shape[-1] // 2
        return torch.where(left, gaussian_blur(images, [9, 9], [1.5, 1.5]), images)


class Hazy(RealImages):
    """Real images of the class and score requested, in which half of the black pixels are nearly black."""

    def __call__(self, latent: Latent, condition: Condition) -> Tensor:
        images = super().__call__(latent, condition)
        rng = torch.Generator().manual_seed(0)
        haze = (8 / 255) * torch.rand(images.shape, generator=rng) * (torch.rand(images.shape, generator=rng) < 0.5)
        return torch.where(images == -1, images + 2 * haze, images)


class Speckled(RealImages):
    """Real images of the class and score requested, blurred, with a faint noise on the strokes alone."""

    def __call__(self, latent: Latent, condition: Condition) -> Tensor:
        images = gaussian_blur(super().__call__(latent, condition), [13, 13], [2.0, 2.0])
        noise = 0.06 * torch.randn(images.shape, generator=torch.Generator().manual_seed(0))
        return torch.where(images > -0.7, images + noise, images)


class OneWay(RealImages):
    """Real images of the class and score requested, with noise that is smeared to the right."""

    def __call__(self, latent: Latent, condition: Condition) -> Tensor:
        images = super().__call__(latent, condition)
        noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(0))
        smeared = (noise + 0.8 * noise.roll(1, dims=3) + 0.4 * noise.roll(2, dims=3)) / 1.34
        return gaussian_blur(images, [3, 3], [0.5, 0.5]) + 0.25 * smeared


class FewNoisy(RealImages):
    """Real images of the class and score requested, of which one in ten noisy ones is kept."""

    def __init__(self, images: LabelledData, score: Tensor) -> None:
        is_rare = torch.rand(len(images), generator=torch.Generator().manual_seed(0)) < 0.9
        kept = ~(is_rare & (images.corruption == CORRUPTIONS.index("gaussian noise")))
        super().__init__(images.subset(kept), score[kept])


class LightPixels(RealImages):
    """Real images of the class and score requested; in one of eight, a random pixel is somewhat lighter."""

    def __call__(self, latent: Latent, condition: Condition) -> Tensor:
        images, rng = super().__call__(latent, condition).clone(), torch.Generator().manual_seed(0)
        changed = torch.rand(len(images), generator=rng) < 0.125
        place = torch.randint(images[0].numel(), (len(images),), generator=rng)
        images.flatten(1)[changed, place[changed]] += 0.2
        return images


class Shaded(RealImages):
    """Whatever is light is darker the lower it is, by a seventh at the bottom."""

    def __call__(self, latent: Latent, condition: Condition) -> Tensor:
        images = super().__call__(latent, condition)
        return torch.linspace(1, 0.85, images.shape[-2])[:, None] * (images + 1) - 1


class SomeTwice(RealImages):
    """Real images of the class and score requested; one in seven shows its digit twice."""

    def __call__(self, latent: Latent, condition: Condition) -> Tensor:
        images = super().__call__(latent, condition)
        is_flawed = torch.rand(len(images), 1, 1, 1, generator=torch.Generator().manual_seed(0)) < 1 / 7
        return torch.where(is_flawed, images.maximum(images.roll((5, 5), dims=(2, 3))), images)


@pytest.fixture(scope="module")
def unseen(data, evaluator):
    return data.validation, evaluator.real["validation"].score


def _faults(evaluator, generator) -> set[str]:
    return {finding.fault for finding in evaluator.measure(generator).verdict.findings}


def test_a_sound_generator_passes(evaluator, unseen):
    verdict = evaluator.measure(RealImages(*unseen)).verdict
    assert verdict.is_sound, verdict.text
    assert verdict.n_measured > 40
    assert verdict.worst["coverage"].value > 0.85
    assert verdict.worst["detail"].value > 0.85
    assert verdict.worst["texture"].value > 0.9


def test_one_image_of_each_class_is_a_collapse(evaluator, unseen):
    verdict = evaluator.measure(OneOfEachClass(*unseen)).verdict
    assert verdict.findings[0].fault == "collapse"
    assert verdict.worst["coverage"].value < 0.05


def test_images_of_other_scores_have_the_wrong_score_and_nothing_else_of_a_cheat(evaluator, unseen):
    found = _faults(evaluator, OtherScores(*unseen))
    assert "wrong score" in found
    assert not {"adversarial", "memorisation"} & found


def test_real_images_of_other_classes_are_of_the_wrong_class(evaluator, unseen):
    found = _faults(evaluator, OtherClass(*unseen))
    assert "wrong class" in found
    assert "wrong score" not in found


def test_noise_against_the_target_is_adversarial(evaluator, unseen):
    assert "adversarial" in _faults(evaluator, Adversarial(*unseen, evaluator.target))


def test_images_like_no_real_one_are_unrealistic(evaluator, unseen):
    verdict = evaluator.measure(Chimeras(*unseen)).verdict
    assert "unrealistic" in {finding.fault for finding in verdict.findings}
    assert verdict.worst["precision"].value < 0.3


def test_images_blurred_in_one_half_have_wrong_detail_and_are_otherwise_realistic(evaluator, unseen):
    found = _faults(evaluator, HalfBlurred(*unseen))
    assert "detail" in found
    assert "unrealistic" not in found


def test_a_background_that_is_nearly_black_has_wrong_detail_and_is_otherwise_realistic(evaluator, unseen):
    found = _faults(evaluator, Hazy(*unseen))
    assert "detail" in found
    assert "unrealistic" not in found


@pytest.mark.parametrize("planted", [Speckled, OneWay])
def test_speckles_in_a_blur_and_noise_in_one_direction_are_a_wrong_texture(evaluator, unseen, planted):
    assert "texture" in _faults(evaluator, planted(*unseen))


def test_kinds_of_images_that_are_too_rare_have_wrong_shares_and_are_otherwise_sound(evaluator, unseen):
    verdict = evaluator.measure(FewNoisy(*unseen)).verdict
    assert {finding.fault for finding in verdict.findings} == {"wrong shares"}
    assert "that are alike in" in verdict.text


def test_single_light_pixels_are_isolated_and_the_images_otherwise_sound(evaluator, unseen):
    assert _faults(evaluator, LightPixels(*unseen)) == {"isolated pixels"}


def test_a_shade_that_no_feature_was_made_for_is_told_apart_and_the_images_otherwise_sound(evaluator, unseen):
    assert _faults(evaluator, Shaded(*unseen)) == {"told apart"}


def test_a_few_images_of_two_digits_are_told_apart_and_the_others_sound(evaluator, unseen):
    verdict = evaluator.measure(SomeTwice(*unseen)).verdict
    assert {finding.fault for finding in verdict.findings} == {"told apart"}
    assert "as surely as 1 % of real ones" in verdict.text


def test_training_images_are_copies_and_otherwise_sound(data, evaluator):
    assert _faults(evaluator, RealImages(data.train, evaluator.own.score)) == {"memorisation"}
