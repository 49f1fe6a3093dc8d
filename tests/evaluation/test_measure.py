"""A generator whose images are real ones of the class and score requested: what it must obtain is known beforehand."""

from dataclasses import replace

import pytest
import torch
from moons_oracle import Oracle, make_evaluator, make_moons

from uqgen.classifiers.frozen import FrozenClassifier
from uqgen.classifiers.predictions import accuracy
from uqgen.conditioning.condition import Condition
from uqgen.data.moons import MoonsDataModule
from uqgen.evaluation import results_json
from uqgen.evaluation.evaluation_settings import EvaluationSettings
from uqgen.evaluation.generated import generate_scored, sample_grid
from uqgen.evaluation.matched import nearest_of_class
from uqgen.evaluation.measure import Evaluator
from uqgen.generators.model import ConditionalModel
from uqgen.metrics.metric import scalars
from uqgen.metrics.overlap import MEASURES
from uqgen.scores import get_score
from uqgen.settings import SettingError


@pytest.fixture(scope="module")
def data() -> MoonsDataModule:
    return make_moons()


@pytest.fixture(scope="module")
def evaluator(data) -> Evaluator:
    return make_evaluator(data)


@pytest.fixture(scope="module")
def measured(data, evaluator):
    return evaluator.measure(Oracle(data.train.x, evaluator.own))


def test_real_images_of_the_score_requested_obtain_it(measured):
    # What is requested are scores of test points, of which the nearest training points are near.
    assert measured.protocols["data"].in_vs_out.mae.value == pytest.approx(0, abs=5e-4)
    assert measured.protocols["data"].in_vs_out.pearson.value == pytest.approx(1, abs=1e-4)
    assert measured.protocols["uniform"].in_vs_out.mae.value < 0.005


def test_the_uniform_protocol_asks_uniformly_and_independently_of_the_class(measured):
    requested = measured.generated["uniform"].requested
    assert 0.5 <= requested.score.min() < 0.51
    assert 0.94 < requested.score.max() <= 0.95
    assert requested.score.mean() == pytest.approx(0.725, abs=0.02)
    assert abs(torch.corrcoef(torch.stack([requested.label.float(), requested.score]))[0, 1]) < 0.1


def test_the_data_protocol_requests_what_the_split_has_that_it_is_held_against(measured, evaluator):
    in_training = evaluator.measure_in_training(Oracle(evaluator.data.train.x, evaluator.own))
    for split, found in {"test": measured, "validation": in_training}.items():
        requested = found.generated["data"].requested
        own = evaluator.score(evaluator.logits[split], getattr(evaluator.data, split).label)
        assert requested.score.mean() == pytest.approx(own.mean().item(), abs=0.02)
        assert set(requested.score.tolist()) <= set(own.tolist())


def test_class_agreement_is_the_accuracy_of_the_target_on_what_was_made(measured):
    made = measured.generated["data"]
    truth = ((made.x[:, 1] > 0.25).long() == 1 - made.requested.label).float().mean().item()
    assert measured.protocols["data"].class_agreement.value == pytest.approx(truth)


def test_a_judge_that_is_the_target_agrees_and_another_one_as_on_real_images(measured):
    judges = measured.protocols["data"].judges
    assert judges["same"].mae.value == pytest.approx(0, abs=5e-4)
    assert judges["other"].mae.value == pytest.approx(measured.real_judges["other"].mae.value, abs=0.01)
    assert measured.real_judges["same"].mae.value == pytest.approx(0, abs=1e-6)


@pytest.mark.slow
def test_a_calibrated_score_is_fitted_to_each_judge_anew(data, evaluator):
    validation = data.validation
    score = get_score("msp_calibrated").fitted(evaluator.target.predict(validation.x), validation.label)
    own = Condition(data.train.label, score(evaluator.target.predict(data.train.x), data.train.label))
    measured = replace(evaluator, score=score, own=own).measure(Oracle(data.train.x, own))
    # The other judge's logits are the target's times 0.35: at a temperature that is as much lower, the same thing.
    assert measured.real_judges["other"].mae.value == pytest.approx(0, abs=1e-5)
    assert measured.protocols["uniform"].judges["other"].mae.value < 0.005
    assert evaluator.measure(Oracle(data.train.x, evaluator.own)).real_judges["other"].mae.value > 0.05


def test_real_points_are_about_as_near_to_the_training_data_as_test_points(measured):
    realism = measured.realism
    assert realism["images"] is None
    assert realism["sliced_wasserstein"] < 4 * realism["sliced_wasserstein_floor"]  # 1,000 draws scatter


def test_points_moved_away_are_farther(data, evaluator, measured):
    moved = evaluator.measure(Oracle(data.train.x + 1, evaluator.own)).realism
    assert moved["sliced_wasserstein"] > measured.realism["sliced_wasserstein"] + 0.5


@pytest.fixture(scope="module")
def against_validation(data, evaluator):
    changed = replace(evaluator, settings=replace(evaluator.settings, split="validation"))
    return changed, changed.measure(Oracle(data.train.x, evaluator.own))


def test_real_images_of_the_scores_requested_have_them_and_nothing_is_left_to_gain_on_them(measured):
    matched = measured.controls.matched_real
    assert 0 < matched.gap["uniform"] < 0.005
    assert matched.class_agreement_gap["uniform"] == pytest.approx(0, abs=0.06)
    for protocol, gap in matched.class_agreement_gap.items():
        ours = measured.protocols[protocol].class_agreement.value
        assert gap == pytest.approx(ours - matched.class_agreement[protocol].value)
    assert matched.judges["same"].mae.value == pytest.approx(0, abs=1e-6)
    for judge, pearson in matched.judges_pearson.items():
        assert pearson.generated == measured.protocols["uniform"].judges[judge].pearson.value
        assert pearson.ratio == pytest.approx(1, abs=0.01)


def test_the_oracle_is_caught_at_what_it_does_training_points_again(measured):
    controls = measured.controls
    assert [finding.fault for finding in measured.verdict.findings] == ["memorisation"]
    assert controls.memorisation.share == 1
    assert controls.memorisation.median_generated < 1e-6 < controls.memorisation.median_real


def test_one_that_makes_any_of_the_training_points_of_the_condition_covers_as_much_as_real_ones(data, evaluator):
    class Varied(Oracle):
        def __call__(self, latent, condition):
            index = nearest_of_class(condition, self.own, 32)
            drawn = torch.randint(32, (len(index), 1), generator=torch.Generator().manual_seed(0))
            return self.x[index.gather(1, drawn).squeeze(1)]

    found = evaluator.measure(Varied(data.train.x, evaluator.own)).manifold
    for mean in (found.certain.mean, found.mean_below):
        for name in MEASURES:
            assert getattr(mean, name).ratio == pytest.approx(1, abs=0.12), name


def test_the_oracle_is_as_robust_and_as_near_as_real_points_in_every_part_of_the_range(measured):
    controls = measured.controls
    assert controls.local_sensitivity.noise.ratio == pytest.approx(1, abs=0.05)
    assert controls.local_sensitivity.shift is None
    assert [part.low for part in controls.measured["by_score"].bins] == pytest.approx([0.5, 0.6125, 0.725, 0.8375])
    assert controls.measured["by_score"].bins[0].n_generated == pytest.approx(250, abs=60)
    distances = [part.distance for part in controls.measured["by_score"].bins if part.distance is not None]
    assert len(distances) >= 2
    assert max(distances) < 0.3


def test_without_realism_every_part_of_the_range_is_far(data, evaluator):
    class Moved(Oracle):
        def __call__(self, latent, condition):
            noise = 3 * torch.randn(len(latent.z), 2, generator=torch.Generator().manual_seed(1))
            return super().__call__(latent, condition) + torch.tensor([5.0, 0.0]) + noise * torch.tensor([1.0, 0.0])

    measured = evaluator.measure(Moved(data.train.x, evaluator.own))
    controls = measured.controls
    distances = [part.distance for part in controls.measured["by_score"].bins if part.distance is not None]
    assert distances
    assert min(distances) > 2
    assert measured.manifold.mean.precision.ratio < 0.2
    assert "unrealistic" in {finding.fault for finding in measured.verdict.findings}
    assert controls.memorisation.share < 0.1


def test_the_split_that_refers_is_the_one_set(evaluator, against_validation, measured):
    changed, found = against_validation
    assert len(changed.reference.score) == found.real_judges["same"].n == 1_500
    assert len(evaluator.reference.score) == measured.real_judges["same"].n == 2_000
    assert found.controls.memorisation.n_real == 1_500
    assert found.realism["sliced_wasserstein_floor"] != measured.realism["sliced_wasserstein_floor"]


def test_the_splits_draw_other_conditions(against_validation, measured):
    _, found = against_validation
    for protocol in ("data", "uniform"):
        ours, others = (m.generated[protocol].requested.score for m in (measured, found))
        assert (ours == others).float().mean() < 0.5


def test_the_training_is_measured_as_for_the_validation_split_and_without_real_images(
    data, evaluator, against_validation
):
    changed, _ = against_validation
    gan = Oracle(data.train.x, evaluator.own)
    found, again = evaluator.measure_in_training(gan), changed.measure_in_training(gan)
    assert torch.equal(found.generated["uniform"].requested.score, again.generated["uniform"].requested.score)
    n_images = replace(changed.settings, n_images=evaluator.settings.n_images_in_training, n_resamples=2)
    whole = replace(changed, settings=n_images).measure(gan)
    assert torch.equal(found.generated["uniform"].requested.score, whole.generated["uniform"].requested.score)
    assert (found.controls, found.real_judges, found.realism["sliced_wasserstein_floor"]) == (None, {}, None)
    assert found.verdict is None
    assert set(found.manifold.certain.classes) == {"all"}
    real = evaluator.score(evaluator.logits["validation"], data.validation.label)
    for part in (found.manifold.certain, *found.manifold.below):
        cell, n = part.classes["all"], int(((part.low <= real) & (real <= part.high)).sum())
        assert cell.n_held_out == pytest.approx(n, abs=2)  # at the edges
        assert cell.n_train != cell.n_held_out


def test_a_split_that_cannot_refer_is_refused():
    with pytest.raises(SettingError, match=r"^split=train: allowed: test, validation"):
        EvaluationSettings(split="train")


def test_the_main_numbers_of_the_controls_are_told_by_their_place(measured):
    results = results_json.measured(measured)
    told = scalars(results)
    names = [name for name in told if name.startswith(("controls/", "manifold/", "verdict/"))]
    assert len(names) >= 16
    for name in names:
        node = results
        for key in name.split("/"):
            node = node[int(key) if isinstance(node, list) else key]
        assert told[name] == (node["value"] if isinstance(node, dict) else node)


def test_the_same_seed_makes_the_same_images(data, evaluator):
    class Noisy(Oracle):
        def __call__(self, latent, condition):
            return super().__call__(latent, condition) + latent.z

    requested = Condition(torch.tensor([0, 1, 1]), torch.tensor([0.6, 0.7, 0.8]))
    first, again, other = (
        generate_scored(Noisy(data.train.x, evaluator.own), requested, evaluator.target, {}, evaluator.score, seed).x
        for seed in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_grid_has_the_same_noise_along_a_row(data, evaluator):
    class Echo(Oracle):
        sweep = ConditionalModel.sweep

        def __call__(self, latent, condition):
            return torch.stack([latent.z[:, 0], condition.score, condition.label.float()], dim=1)

    made = sample_grid(Echo(data.train.x, evaluator.own), [0, 1], [1.0, 0.7, 0.5], seed=3)
    assert torch.equal(made[:, 0, 0], made[:, 2, 0])
    assert made[1, :, 1].tolist() == pytest.approx([1.0, 0.7, 0.5])
    assert made[:, 0, 2].tolist() == [0, 1]


def test_without_a_reachable_range_it_is_that_of_the_data(data, evaluator):
    real = torch.linspace(0, 1, 10_001)
    low, high = EvaluationSettings().requested_range(get_score("entropy"), real)
    assert (low, high) == pytest.approx((0.001, 0.999), abs=1e-4)


def test_a_range_that_is_null_is_that_of_the_data_and_one_that_is_said_is_taken():
    score, real = get_score("msp"), torch.linspace(0.4, 1, 10_001)
    ranges = [EvaluationSettings(reachable={"msp": said}).requested_range(score, real) for said in (None, [0.5, 0.9])]
    assert ranges == [pytest.approx((0.4006, 0.9994), abs=1e-4), (0.5, 0.9)]


def test_a_range_that_so_few_classes_do_not_have_is_refused_with_what_is_allowed():
    settings = EvaluationSettings(reachable={"msp": [0.3, 1.0]})
    settings.check_range(get_score("msp"), 4)
    with pytest.raises(
        SettingError, match=r"^reachable.msp=\[0.3, 1.0\]: allowed: within \[0.5, 1\] for 2 classes, or null"
    ):
        settings.check_range(get_score("msp"), 2)


def test_the_best_of_one_is_what_the_raw_generator_obtains(data, evaluator):
    class Noisy(Oracle):
        def __call__(self, latent, condition):
            return super().__call__(latent, condition) + 0.1 * latent.z

    settings = replace(evaluator.settings, best_of=1, n_at_sampling=evaluator.settings.n_images)
    measured = replace(evaluator, settings=settings).measure(Noisy(data.train.x, evaluator.own))
    helped, raw = measured.at_sampling["best_of"], measured.protocols["uniform"]
    assert raw.in_vs_out.mae.value > 0.02
    assert (helped.in_vs_out, helped.judges) == (raw.in_vs_out, raw.judges)
    assert helped.class_agreement == raw.class_agreement


def test_help_at_sampling_time_is_left_to_the_end(data, evaluator, measured):
    assert set(measured.at_sampling) == {"recalibrated", "best_of", "recalibrated_best_of"}
    assert evaluator.measure_in_training(Oracle(data.train.x, evaluator.own)).at_sampling == {}


def test_what_judges_said_of_the_test_images_serves_for_their_accuracy(monkeypatch, data, evaluator, measured):
    test = data.test
    expected = {name: accuracy(judge.predict(test.x), test.label) for name, judge in evaluator.judges.items()}
    monkeypatch.delattr(FrozenClassifier, "predict")
    results = results_json.as_results("moons", 0, evaluator, measured, 1)
    assert results["classifier"]["judges_test_accuracy"] == expected


def test_the_score_is_judged_on_real_images_before_anything_generated(measured, evaluator):
    quality, real = measured.score_quality, evaluator.reference
    wrong = real.logits.argmax(dim=1) != real.data.label
    assert (quality.all.n, quality.all.n_errors) == (len(wrong), int(wrong.sum()))
    assert sum(part.n for part in quality.by_class.values()) == len(wrong)
    errors = quality.confident_errors
    assert all(wrong[error.position] and error.label != error.predicted for error in errors)
    assert errors[0].score == real.score[wrong].max()
    assert [error.score for error in errors] == sorted((error.score for error in errors), reverse=True)
    assert scalars(results_json.measured(measured))["score_quality/all/auroc"] == quality.all.auroc.value
