import pytest
import torch
from sklearn.isotonic import IsotonicRegression

from uqgen import seeding
from uqgen.conditioning.condition import Condition
from uqgen.sampling.best_of import best_of
from uqgen.sampling.recalibration import N_GRID, Recalibration, fit_recalibration
from uqgen.settings import SettingError
from uqgen.tensor_files import load_tensors, save_tensors

LOW, HIGH = 0.2, 1.0


def bent(latent, condition):
    """Class 0 achieves 0.3 + 0.5 fed, from 0.4 to 0.8; class 1 the square of what is fed, from 0.04 to 1."""
    return torch.where(condition.label == 0, 0.3 + 0.5 * condition.score, condition.score**2)


def noisy(latent, condition):
    return bent(latent, condition) + 0.2 * latent.z[:, 0]


def ask(label: int, *scores: float) -> Condition:
    return Condition(torch.full((len(scores),), label), torch.tensor(scores))


@pytest.fixture
def fit(stand_in, target, own_logit):
    def call(response, n=80, seed=0, gan=None):
        return fit_recalibration(gan or stand_in(response), target, own_logit, 2, LOW, HIGH, n, seed)

    return call


@pytest.mark.parametrize(("label", "tolerance"), [(0, 1e-6), (1, 1e-3)])  # a line is met exactly, a curve by chords
def test_what_comes_out_is_what_was_requested(stand_in, target, own_logit, fit, label, tolerance):
    requested = ask(label, *torch.linspace(0.4, 0.8, 41).tolist())
    fed = fit(bent)(requested)
    achieved = best_of(stand_in(bent), requested, target, own_logit, 1, seeding.generator(5), fed).score_out
    assert (bent(None, requested) - requested.score).abs().max() > 0.09
    torch.testing.assert_close(achieved, requested.score, atol=tolerance, rtol=0)


def test_what_no_score_obtains_goes_to_the_nearest_end(fit):
    assert fit(bent)(ask(0, -5.0, 0.2, 0.39, 0.81, 1.0, 9.0)).score.tolist() == pytest.approx([LOW] * 3 + [HIGH] * 3)
    assert fit(bent)(ask(1, 0.03, 1.1)).score.tolist() == pytest.approx([LOW, HIGH])


def test_noise_is_averaged_away(stand_in, target, own_logit, fit):
    n = 4_000
    requested = Condition(torch.arange(n) % 2, torch.full((n,), 0.6))
    fed = fit(noisy, n=100_000)(requested)
    achieved = best_of(stand_in(noisy), requested, target, own_logit, 1, seeding.generator(5), fed).score_out
    assert achieved[0::2].mean() == pytest.approx(0.6, abs=0.02)
    assert achieved[1::2].mean() == pytest.approx(0.6, abs=0.02)


def test_the_curves_are_the_isotonic_regressions_of_all_that_was_achieved(stand_in, fit):
    gan = stand_in(noisy)
    recalibration = fit(None, n=400, gan=gan)
    latent = gan.drawn[0]
    fed = torch.linspace(LOW, HIGH, N_GRID).repeat_interleave(10)
    for label, (curve, mine) in enumerate(zip(recalibration.achieved, (slice(200), slice(200, 400)), strict=True)):
        achieved = noisy(latent.select(mine), Condition(torch.full((200,), label), fed))
        truth = IsotonicRegression().fit(fed.double(), achieved.double()).predict(recalibration.fed)
        assert curve.tolist() == pytest.approx(truth.tolist(), abs=1e-6)


def test_more_requested_is_never_less_fed(fit):
    requested = torch.linspace(-1, 2, 1_000)
    fed = fit(noisy, n=40)(Condition(torch.zeros(1_000).long(), requested)).score
    assert (fed.diff() >= 0).all()
    assert fed.unique().numel() > 10


def test_scores_that_obtain_the_same_are_represented_by_their_mean():
    recalibration = Recalibration(torch.arange(5).double(), torch.tensor([[0.0, 1.0, 1.0, 1.0, 2.0]]).double())
    assert recalibration(ask(0, 0.5, 1.0, 1.5)).score.tolist() == pytest.approx([1, 2, 3])


def test_a_generator_that_does_not_listen_is_fed_the_end_that_was_requested(fit):
    fed = fit(lambda latent, condition: torch.full_like(condition.score, 0.5))(ask(0, 0.3, 0.7)).score
    assert fed.tolist() == pytest.approx([LOW, HIGH])


def test_it_keeps_classes_and_their_order(fit):
    requested = Condition(torch.tensor([1, 0, 1]), torch.tensor([0.49, 0.55, 0.81]))
    fed = fit(bent)(requested)
    assert fed.label.equal(requested.label)
    assert fed.score.dtype == torch.float32
    assert fed.score.tolist() == pytest.approx([0.7, 0.5, 0.9], abs=1e-3)


def test_its_noise_is_held_out_and_depends_on_the_seed(stand_in, target, own_logit, fit):
    gan = stand_in(noisy)
    best_of(gan, ask(0, *[0.5] * 80), target, own_logit, 1, seeding.generator(0))
    fit(None, seed=0, gan=gan)
    fit(None, seed=1, gan=gan)
    fit(None, seed=1, gan=gan)
    evaluation, held_out, other, again = (latent.z for latent in gan.drawn)
    assert not torch.isin(held_out, evaluation).any()
    assert not torch.isin(held_out, other).any()
    assert other.equal(again)


@pytest.mark.parametrize(("n", "drawn"), [(1, 40), (79, 40), (80, 80), (4_000, 4_000)])
def test_as_many_images_for_each_class_and_score(stand_in, fit, n, drawn):
    gan = stand_in(bent)
    fit(None, n=n, gan=gan)
    assert [len(latent) for latent in gan.drawn] == [drawn]


def test_it_can_be_saved(tmp_path, fit):
    recalibration = fit(noisy)
    save_tensors({"fed": recalibration.fed, "achieved": recalibration.achieved}, tmp_path / "recalibration.pt")
    requested = ask(1, 0.3, 0.5, 0.9)
    assert Recalibration(**load_tensors(tmp_path / "recalibration.pt"))(requested).score.equal(
        recalibration(requested).score
    )


def test_it_needs_an_image():
    with pytest.raises(SettingError, match=r"^n_recalibration=0: allowed: an integer of at least 1$"):
        fit_recalibration(None, None, None, 2, LOW, HIGH, 0, 0)
