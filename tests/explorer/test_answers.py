from dataclasses import replace

import pytest
import torch
from torchvision.transforms.v2.functional import to_pil_image

import uqgen
from uqgen.data.labelled import unit_range
from uqgen.explorer.answers import ask_target, between_seeds, edited, of_picture
from uqgen.settings import SettingError


@pytest.fixture(scope="module", params=["tiny_run", pytest.param("tiny_flow_run", marks=pytest.mark.slow)])
def run(request):
    return uqgen.load(request.getfixturevalue(request.param))


@pytest.mark.parametrize("guidance", [None, 0, 1.5])
def test_the_first_and_the_last_image_are_those_of_the_two_seeds_with_all_that_is_said_of_them(run, guidance):
    certain, uncertain = run.evaluator.ends
    middle = (certain + uncertain) / 2
    answer = between_seeds(run, 3, middle, (5, 6), 4, guidance)
    assert (answer.x.shape, answer.x.dtype) == ((4, 1, 32, 32), torch.uint8)
    for position, seed in ((0, 5), (-1, 6)):
        sweep = run.sweep([certain, middle, uncertain], [3], n=1, seed=seed, guidance=guidance)
        assert (answer.x[position].int() - sweep.x[0, 0, 1].int()).abs().max() <= 3  # bf16 rounds otherwise in a batch
        torch.testing.assert_close(answer.score[position], sweep.score_out[0, 0, 1], rtol=0, atol=1e-2)
    torch.testing.assert_close(answer.score, answer.probabilities.amax(dim=1))
    assert answer.predicted.equal(answer.probabilities.argmax(dim=1))


def test_other_guidance_makes_other_images_of_the_same_noise(run):
    alone, led = (between_seeds(run, 3, 0.6, (5, 6), 4, guidance).x for guidance in (0, 1.5))
    assert not alone.equal(led)
    assert between_seeds(run, 3, 0.6, (5, 6), 4).x.equal(between_seeds(run, 3, 0.6, (5, 6), 4, 1.0).x)  # the run's own


def test_between_a_seed_and_itself_nothing_changes_and_between_two_everything_does(run):
    same = between_seeds(run, 3, 0.6, (5, 5), 3).x
    assert (same.int() - same[:1].int()).abs().max() <= 3  # bf16 rounds otherwise in another batch
    other = between_seeds(run, 3, 0.6, (5, 6), 3).x
    assert not other[0].equal(other[1])
    assert not other[1].equal(other[2])


def test_a_picture_of_the_data_gets_the_score_it_has_there(run):
    data = run.experiment.data.train
    answer = of_picture(run, to_pil_image(data.x[7]))
    assert answer.x[0].equal(data.x[7])
    torch.testing.assert_close(answer.score[0], run.own.score[7])
    torch.testing.assert_close(answer.probabilities[0], run.own.probabilities[7])


def test_a_picture_of_any_size_and_mode_is_brought_to_the_data_s(run):
    large = to_pil_image(run.experiment.data.train.x[7]).resize((320, 320)).convert("RGBA")
    assert of_picture(run, large).x.shape == (1, 1, 32, 32)


def test_an_edited_picture_is_that_of_the_run_and_obtains_what_it_says(run, monkeypatch):
    for model in ("flow", "gan"):
        monkeypatch.setattr(f"uqgen.generators.{model}.module.N_STEPS", 3)  # one that has not learnt never gets there
    picture = to_pil_image(run.experiment.data.train.x[7])
    answer, found = edited(run, picture, 0.4), run.edit(picture, 0.4)
    torch.testing.assert_close(unit_range(answer.x), found.x)
    torch.testing.assert_close(answer.score, found.score_out)
    with pytest.raises(SettingError, match=r"^score=2: allowed"):
        edited(run, picture, 2)


def test_scores_that_need_a_class_get_the_one_given_and_of_a_picture_the_one_predicted(run):
    from uqgen.scores import get_score

    of_true_class = replace(run, classifiers=replace(run.classifiers, score=get_score("true_class")))
    answer = ask_target(of_true_class, run.experiment.data.train.x[:1], 4)
    torch.testing.assert_close(answer.score[0], answer.probabilities[0, 4])
    answer = of_picture(of_true_class, to_pil_image(run.experiment.data.train.x[7]))
    torch.testing.assert_close(answer.score[0], answer.probabilities[0].amax())


@pytest.mark.parametrize(
    ("score", "seeds", "message"),
    [
        (0.05, (0, 1), r"^score=0\.05: allowed: a number from 0\.1 to 1$"),
        (0.6, (-1, 1), "^seed=-1: allowed: an integer of at least 0"),
        (0.6, (0, None), "^second seed=None: allowed: an integer"),
    ],
)
def test_what_cannot_be_requested_is_refused(run, score, seeds, message):
    with pytest.raises(SettingError, match=message):
        between_seeds(run, 3, score, seeds, 2)


def test_guidance_that_is_none_is_refused(run):
    with pytest.raises(SettingError, match=r"^guidance=-1: allowed: a number of at least 0$"):
        between_seeds(run, 3, 0.6, (0, 1), 2, -1)
