"""Generators with a known fault each, and a sound one, on corrupted MNIST: the verdict names what was planted.

Each measure is as long as that of a run: test_measure.py has a generator of points, and test_verdict.py what is said of
measurements that are made up.
"""

import pytest
import torch
from planted_generators import (
    Adversarial,
    Chimeras,
    FewNoisy,
    HalfBlurred,
    Hazy,
    LightPixels,
    OneOfEachClass,
    OneWay,
    OpenLoops,
    OtherClass,
    OtherScores,
    RealImages,
    Shaded,
    SomeHalfBlurred,
    SomeTwice,
    Speckled,
    UnevenBlurs,
)
from torch import Tensor
from torch.nn.functional import cross_entropy

from uqgen.classifiers.cnn import CNN
from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.classifiers.predictions import SPLITS
from uqgen.conditioning.condition import Condition
from uqgen.data.corruption import Corruption
from uqgen.data.mnist import MNISTDataModule
from uqgen.evaluation.evaluation_settings import EvaluationSettings
from uqgen.evaluation.features import load_features
from uqgen.evaluation.measure import Evaluator
from uqgen.metrics import fidelity, local_sensitivity, memorisation, two_sample
from uqgen.metrics.two_sample import Told
from uqgen.scores import get_score

pytestmark = pytest.mark.slow

N_TRAINED = 6_000  # images that a classifier sees once, so that it doubts many


@pytest.fixture(scope="module", autouse=True)
def _quick():
    with pytest.MonkeyPatch.context() as patch:
        for looked_at in (memorisation, local_sensitivity):
            patch.setattr(looked_at, "N_MOST", 600)
        for name, few in (("KID_SUBSET_SIZE", 20), ("KID_SUBSETS", 2)):  # of which no fault is told
            patch.setattr(fidelity, name, few)
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
    data.test = data.test.subset(slice(3_000))
    return data


@pytest.fixture(scope="module")
def evaluator(data) -> Evaluator:
    target, score = _classifier(data, seed=0, channels=(8, 16)), get_score("msp")
    judges = {"judge 1": _classifier(data, seed=1, channels=(8, 16, 32))}
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


def test_a_few_images_blurred_in_one_half_are_named_in_all_classes_together(evaluator, unseen):
    verdict = evaluator.measure(SomeHalfBlurred(*unseen)).verdict
    assert {"detail"} <= {finding.fault for finding in verdict.findings} <= {"detail", "told apart"}
    assert "In all classes and parts of the range together" in verdict.text


def test_uneven_blurs_are_named_as_a_flaw_of_images_with_little_detail(evaluator, unseen):
    verdict = evaluator.measure(UnevenBlurs(*unseen)).verdict
    (detail,) = (finding.text for finding in verdict.findings if finding.fault == "detail")
    assert "images nearest to real ones with the least fine detail" in detail
    assert "In all classes and parts of the range together" not in detail


def test_a_background_that_is_nearly_black_has_wrong_detail_and_is_otherwise_realistic(evaluator, unseen):
    found = _faults(evaluator, Hazy(*unseen))
    assert "detail" in found
    assert "unrealistic" not in found


@pytest.mark.parametrize("planted", [Speckled, OneWay])
def test_speckles_in_a_blur_and_noise_in_one_direction_are_a_wrong_texture(evaluator, unseen, planted):
    assert "texture" in _faults(evaluator, planted(*unseen))


def test_noisy_images_that_are_too_rare_have_wrong_shares_and_attributes_and_are_otherwise_sound(evaluator, unseen):
    verdict = evaluator.measure(FewNoisy(*unseen)).verdict
    assert {finding.fault for finding in verdict.findings} == {"wrong shares", "attributes"}
    assert "that are alike in" in verdict.text


def test_single_light_pixels_are_isolated_and_the_images_otherwise_sound(evaluator, unseen):
    assert _faults(evaluator, LightPixels(*unseen)) == {"isolated pixels"}


def test_zeros_that_are_open_have_fewer_holes_and_the_images_are_otherwise_sound(evaluator, unseen):
    verdict = evaluator.measure(OpenLoops(*unseen)).verdict
    assert {finding.fault for finding in verdict.findings} == {"attributes"}
    assert 'the attribute "holes" of images of class 0' in verdict.text


def test_a_shade_that_no_feature_was_made_for_is_told_apart_and_the_images_otherwise_sound(evaluator, unseen):
    assert _faults(evaluator, Shaded(*unseen)) == {"told apart"}


def test_a_few_images_of_two_digits_are_told_apart_and_like_no_real_one(evaluator, unseen):
    verdict = evaluator.measure(SomeTwice(*unseen)).verdict
    assert {finding.fault for finding in verdict.findings} >= {"told apart", "unrealistic"}
    assert "as surely as 1 % of real ones" in verdict.text


def test_training_images_are_copies_and_otherwise_sound(data, evaluator):
    assert _faults(evaluator, RealImages(data.train, evaluator.own.score)) == {"memorisation"}
