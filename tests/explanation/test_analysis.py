import numpy as np
import pytest
import torch

from uqgen.data.attributes import ATTRIBUTES, measure_attributes
from uqgen.data.labelled import LabelledData
from uqgen.explanation.analysis import (
    ALL,
    Measured,
    analyse,
    changes_from_certain,
    corruption_indicators,
    curve,
    measure_sweep,
)
from uqgen.explanation.explanation_settings import ExplanationSettings
from uqgen.explanation.score_sweep import ScoreSweep
from uqgen.explanation.shares import WeightedScores

pytestmark = pytest.mark.usefixtures("few_trees")

K, M, S = 2, 30, 4
RNG = np.random.default_rng(0)


def squares(brightness):
    """uint8 [..., 1, 16, 16]: a square; contrast and sharpness follow its brightness."""
    images = np.zeros((*brightness.shape, 1, 16, 16))
    images[..., 4:12, 4:12] = brightness[..., None, None, None]
    return torch.from_numpy((255 * images).round().astype(np.uint8))


@pytest.fixture(scope="module")
def sweep():
    """The score falls as the brightness does, whatever the noise; so does the contrast."""
    brightness = np.linspace(1, 0.4, S) * RNG.uniform(0.8, 1, (K, M, 1))
    score = torch.from_numpy(brightness).float()
    return ScoreSweep((1.0, 0.8, 0.6, 0.4), squares(brightness), score, torch.full((K, M, S, K), 0.5))


@pytest.fixture(scope="module")
def real():
    """Half of the images are corrupted; the score follows the corruption and what no attribute tells."""
    n = 300
    corruption = torch.from_numpy(RNG.integers(3, size=n))
    severity = torch.where(corruption > 0, torch.from_numpy(RNG.integers(1, 6, n)), 0)
    x = torch.from_numpy(RNG.integers(0, 256, (n, 1, 16, 16)).astype(np.uint8))
    return LabelledData(x, torch.from_numpy(RNG.integers(K, size=n)), corruption, severity)


@pytest.fixture(scope="module")
def analysis(sweep, real):
    score = 1 - 0.1 * real.severity.double().numpy() * (real.corruption == 2).numpy()
    return analyse(sweep, real, score, None, ["one", "other"], (0.4, 1), ExplanationSettings(n_resamples=20, n_bins=4))


def test_what_the_score_follows_explains_it(analysis):
    for source in ("generated", "changes"):
        explained = analysis.sources[source].explained
        assert explained.keys() == {ALL, "one", "other"}
        assert explained[ALL].r2.value > 0.999
        assert explained[ALL].spearman["contrast"].value > 0.99
        assert explained["one"].n == explained["other"].n == explained[ALL].n / 2 == M * S
        assert analysis.sources[source].held_out_r2.value > 0.7


@pytest.mark.slow
def test_a_class_called_as_all_classes_together_does_not_take_their_place(sweep, real, analysis):
    score = 1 - 0.1 * real.severity.double().numpy() * (real.corruption == 2).numpy()
    settings = ExplanationSettings(n_resamples=20, n_bins=4)
    found = analyse(sweep, real, score, None, ["all", "class all"], (0.4, 1), settings)
    for name, source in found.sources.items():
        assert source.explained[ALL] == analysis.sources[name].explained[ALL]
        assert source.explained["class class all"] == analysis.sources[name].explained["one"]
        assert source.explained["class all"] == analysis.sources[name].explained["other"]
    assert found.truth.explained[ALL] == analysis.truth.explained[ALL]
    assert len(found.truth.explained) == 3


def test_of_few_images_no_share_is_told(sweep, real, caplog):
    few = real.subset(slice(8))
    score = np.linspace(0, 1, 8)
    found = analyse(sweep, few, score, None, ["one", "other"], (0, 1), ExplanationSettings(n_resamples=5, n_bins=4))
    explained = found.sources["real"].explained[ALL]
    assert np.isnan([explained.r2.value, explained.r2.low, *(share.value for share in explained.shares.values())]).all()
    assert np.isnan(found.sources["real"].held_out_r2.value)
    assert f"no R² and no shares, real: 8 images are fewer than 10 for each of {len(ATTRIBUTES)}" in caplog.text


def test_a_corruption_that_decides_the_score_explains_all_of_it_and_attributes_that_do_not_tell_it_nothing(analysis):
    truth = analysis.truth
    assert truth.explained[ALL].r2.value == pytest.approx(1)
    shares = truth.explained["one"].shares
    assert shares["gaussian blur"].value > 0.8 > 0.2 > shares["gaussian noise"].value
    assert truth.beside.shares["corruption"].value > 0.9
    assert analysis.sources["real"].explained[ALL].r2.value < 0.15


@pytest.mark.slow
def test_there_is_no_truth_without_corruptions(sweep, real):
    clean = LabelledData(real.x, real.label, 0 * real.corruption, 0 * real.severity)
    score = RNG.uniform(0.4, 1, len(real))
    assert (
        analyse(sweep, clean, score, None, ["one", "other"], (0.4, 1), ExplanationSettings(n_resamples=5)).truth is None
    )


def test_images_of_a_sweep_keep_class_score_and_noise(sweep):
    measured = measure_sweep(sweep, (0.4, 1), 4)
    place = 1 * M * S + 3 * S + 2  # the other class, the fourth noise, the third score
    assert measured.label[place] == 1
    assert measured.sample.score[place] == sweep.score_out[1, 3, 2].double()
    same_noise = measured.sample.cluster == measured.sample.cluster[place]
    assert same_noise.nonzero()[0].tolist() == list(range(place - 2, place + 2))
    np.testing.assert_array_equal(measured.attributes[place], measure_attributes(sweep.x[1, 3, 2:3], "")[0])


def test_changes_are_from_the_certain_end_of_the_same_noise():
    score, attributes = np.array([1.0, 0.5, 0.9, 0.2]), np.arange(8.0).reshape(4, 2) ** 2
    generated = Measured(attributes, np.zeros(4, int), WeightedScores(score, np.array([0, 0, 1, 1]), np.ones(4)))
    changes = changes_from_certain(generated, n_scores=2, n_bins=2)
    np.testing.assert_allclose(changes.sample.score, [0, -0.5, 0, -0.7])
    np.testing.assert_array_equal(changes.attributes, [[0, 0], [4, 8], [0, 0], [20, 24]])


def test_a_curve_holds_every_image_once():
    score = RNG.uniform(0.3, 1, 500)
    points = curve(2 * score, score, 5)
    assert sum(point.n for point in points) == 500
    for point in points:
        assert 2 * point.low <= point.lower_quartile <= point.mean <= point.upper_quartile <= 2 * point.high


def test_a_curve_has_nothing_to_say_of_an_empty_bin():
    points = curve(np.ones(4), np.array([0.0, 0.1, 0.9, 1.0]), 4)
    assert [point.n for point in points] == [2, 0, 0, 2]
    assert np.isnan(points[1].mean)


def test_indicators_name_kind_and_severity(real):
    indicators = corruption_indicators(real)
    assert list(indicators) == ["gaussian noise", "gaussian blur"]
    both = np.hstack(list(indicators.values()))
    np.testing.assert_array_equal(both.sum(axis=1), (real.corruption > 0).numpy())
    place = int(((real.corruption == 2) & (real.severity == 4)).nonzero()[0])
    assert both[place].argmax() == 5 + 3


def test_every_attribute_has_a_curve(analysis):
    for source in analysis.sources.values():
        assert source.curves.keys() == ATTRIBUTES.keys()


def test_what_a_classifier_minds_in_one_class_and_its_judges_do_not_is_told_of_that_class(sweep, real):
    bright = real.x.double().mean(dim=(1, 2, 3)).numpy()
    lead = np.where(real.label == 1, -(bright - bright.min()) / np.ptp(bright), 0)
    score, settings = np.ones(len(real)), ExplanationSettings(n_resamples=20)
    own = analyse(sweep, real, score, lead, ["one", "other"], (0.4, 1), settings).own
    assert own.keys() == {ALL, "one", "other"}
    shares = own["other"].explained.shares
    assert max(shares, key=lambda name: shares[name].value) == "brightness"
    assert own["other"].explained.r2.value > 0.95
    assert own["other"].lead.high < 0 == own["one"].lead.value
    assert np.isnan(own["one"].explained.r2.value)
