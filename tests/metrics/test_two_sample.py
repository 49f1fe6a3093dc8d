from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.stats import norm
from sklearn.metrics import roc_auc_score, roc_curve

from uqgen.data.mnist import MNISTDataModule
from uqgen.metrics import two_sample as module
from uqgen.metrics.bootstrap import Estimate
from uqgen.metrics.share_ratio import ShareRatio
from uqgen.metrics.two_sample import FEWEST, Told, hanley_mcneil, of_evaluation, ratio_interval, tell_apart

N = 1_500


@pytest.fixture(scope="module")
def digits(mnist_folder) -> torch.Tensor:
    """Images in random order."""
    data = MNISTDataModule(mnist_folder)
    data.setup()
    return data.train.x[torch.randperm(len(data.train), generator=torch.Generator().manual_seed(0))]


def test_images_of_one_distribution_are_not_told_apart(digits):
    found = tell_apart(digits[:N], digits[N : 2 * N])
    assert found.auroc.low < 0.5 < found.auroc.high
    assert found.auroc.high - found.auroc.low < 0.1
    assert found.n_sure / len(found.generated) < 0.03


def test_of_few_images_with_a_flaw_it_is_sure_and_the_others_hide_them_in_the_whole_curve(digits):
    is_flawed = torch.arange(N) % 8 == 0
    some = torch.where(is_flawed[:, None, None, None], digits[:N].maximum(digits[:N].roll(8, dims=3)), digits[:N])
    found = tell_apart(some, digits[N : 2 * N])
    assert found.auroc.high < 0.65
    assert 0.07 < found.n_sure / len(found.generated) < 0.17


@pytest.mark.parametrize(
    "fault",
    [
        lambda x: x.clamp(min=12),
        lambda x: torch.where(torch.rand(x.shape, generator=torch.Generator().manual_seed(1)) < 0.01, 150, x),
        pytest.param(lambda x: x // 64 * 64, marks=pytest.mark.slow),
        pytest.param(lambda x: x[:1].expand_as(x), marks=pytest.mark.slow),
    ],
    ids=["haze", "dots", "few levels", "one image"],
)
def test_whatever_shows_them_is_found(digits, fault):
    assert tell_apart(fault(digits[:N]).to(torch.uint8), digits[N : 2 * N]).auroc.low > 0.85


def test_the_network_tells_images_that_it_has_not_learnt_from_and_the_number_is_that_of_scikit_learn(monkeypatch):
    x = torch.randint(256, (2, 150, 1, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    learnt, told, said = [], [], torch.randn(100, 2, generator=torch.Generator().manual_seed(1))

    def train(make, data, epochs, seed):
        learnt.append(data)
        return SimpleNamespace(predict=lambda images: (told.append(images), said)[1])

    monkeypatch.setattr(module, "train_one_cycle", train)
    found = tell_apart(*x)
    assert (len(learnt[0]), len(told[0])) == (200, 100)
    seen = {image.numpy().tobytes() for image in learnt[0].x}
    assert len(seen | {image.numpy().tobytes() for image in told[0]}) == 300
    generated = {image.numpy().tobytes() for image in x[0]}
    truth = [image.numpy().tobytes() in generated for image in told[0]]
    margin, auroc = said[:, 1] - said[:, 0], found.auroc
    assert auroc.value == pytest.approx(roc_auc_score(truth, margin))
    assert auroc.high - auroc.value == pytest.approx(1.96 * hanley_mcneil(auroc.value, sum(truth), 100 - sum(truth)))
    false_positives, true_positives, _ = roc_curve(truth, margin, drop_intermediate=False)
    assert (len(found.generated), len(found.real)) == (sum(truth), 100 - sum(truth))
    assert found.n_sure / len(found.generated) == true_positives[false_positives == 0].max()  # 0.01 of fifty is none


def test_the_floor_is_of_training_images_and_points_and_few_or_small_images_have_none(digits):
    def of(n, is_image=True, size=32):
        parts = digits[:N] // 128 * 128, digits[N : 2 * N], digits[2 * N :]
        sides = (SimpleNamespace(x=part[:n, :, :size, :size]) for part in parts)
        as_data, real, train = sides
        return of_evaluation(SimpleNamespace(as_data=as_data, real=real, train=train, is_image=is_image, seed=0))

    found = of(N)
    assert found.floor.low < 0.5 < found.floor.high
    assert found.auroc.low > 0.9
    assert found.sure.real < 0.03
    assert found.sure.ratio.low > 10
    assert of(FEWEST - 1) is None
    assert of(N, is_image=False) is None
    assert of(FEWEST, size=7) is None
    assert of(FEWEST, size=8) is not None


def test_nothing_random_elsewhere_depends_on_it(digits):
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    first = tell_apart(digits[:150], digits[150:300])
    assert torch.rand(3).equal(expected)
    again = tell_apart(digits[:150], digits[150:300])
    assert again.auroc == first.auroc
    assert (again.generated == first.generated).all()
    assert (again.real == first.real).all()
    assert ratio_interval(again, first) == ratio_interval(first, again)


CHANCE = Estimate(0.5, 0.4, 0.6)


def normal_logits(rng: np.random.Generator, shift: float, n: int) -> tuple[Told, Told]:
    """Of generated images, whose logits are shifted, and of training images; the same real images for both networks."""
    common, ours, theirs = rng.normal(size=(3, n))
    generated, train = rng.normal(size=(2, n))
    spread = 2**0.5
    return Told(CHANCE, generated + shift, (common + ours) / spread), Told(CHANCE, train, (common + theirs) / spread)


def katz(ours: Told, floor: Told) -> tuple[float, float]:
    """The interval that takes both thresholds as known."""
    ratio = ShareRatio.of(floor.n_sure, ours.n_sure, len(floor.generated), len(ours.generated)).ratio
    return ratio.low, ratio.high


@pytest.mark.slow
def test_the_interval_of_images_surely_told_holds_the_true_ratio_in_95_of_100_simulations():
    rng, n, repeats, shift = np.random.default_rng(0), 1_333, 100, 1.0
    threshold = norm.ppf(0.99)
    truth = norm.sf(threshold - shift) / norm.sf(threshold)
    drawn = [normal_logits(rng, shift, n) for _ in range(repeats)]
    ours, fixed = (
        np.mean([low <= truth <= high for low, high in (interval(*both) for both in drawn)])
        for interval in (ratio_interval, katz)
    )
    assert 0.92 <= ours <= 0.99
    assert fixed < 0.9


def test_the_interval_of_none_surely_told_has_no_limit_at_the_near_end():
    real, low, high = np.linspace(0, 1, 200), np.full(200, -1.0), np.full(200, 2.0)
    assert ratio_interval(Told(CHANCE, low, real), Told(CHANCE, high, real)) == (0.0, 1 / 200)
    assert ratio_interval(Told(CHANCE, high, real), Told(CHANCE, low, real)) == (200.0, np.inf)
    assert ratio_interval(Told(CHANCE, low, real), Told(CHANCE, low, real)) == (0.0, np.inf)
