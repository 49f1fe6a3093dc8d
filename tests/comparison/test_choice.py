import numpy as np
import pytest

from uqgen.comparison.choice import choose_variant, costs, front
from uqgen.comparison.variants import Variant, compare_jobs

# Each: mean absolute error of requests from a range of width 1, coverage and class agreement on validation; of real
# images 0.9.
PAPER = (0.2, 0.5, 0.9)


def variants(make_job, **found) -> tuple[Variant, ...]:
    jobs = [make_job(name, 0, 0.5, validation=numbers) for name, numbers in found.items()]
    return compare_jobs("sweep", jobs).variants


def chosen(make_job, **others) -> str:
    found = variants(make_job, paper=PAPER, **others)
    return choose_variant(found).name


def test_the_error_counts_as_share_of_that_of_the_middle_and_coverage_as_what_is_lost(make_job):
    (cost,) = costs(variants(make_job, paper=PAPER), Variant.on_validation)
    assert (cost.error, cost.lost, cost.sum) == pytest.approx((0.8, 0.5, 1.3))
    middle = np.abs(np.random.default_rng(0).uniform(0, 1, 100_000) - 0.5).mean()
    assert cost.error == pytest.approx(0.2 / middle, abs=0.01)


def test_each_error_is_a_share_of_its_own_seeds_range(make_job):
    jobs = [make_job("paper", seed, 0.5, validation=(mae, 0.5, 0.9)) for seed, mae in enumerate((0.2, 0.1))]
    jobs[1].results["support"]["edges"] = [0.5, 0.75, 1.0]
    (cost,) = costs(compare_jobs("sweep", jobs).variants, Variant.on_validation)
    assert cost.error == pytest.approx(0.8)


def test_more_than_all_is_not_lost(make_job):
    (cost,) = costs(variants(make_job, paper=(0.2, 1.1, 0.9)), Variant.on_validation)
    assert cost.lost == 0


def test_the_front_is_what_no_other_beats_by_the_error(make_job):
    found = variants(
        make_job, good=(0.05, 0.6, 0.9), beaten=(0.06, 0.5, 0.9), varied=(0.2, 0.9, 0.9), alike=(0.05, 0.6, 0.9)
    )
    unbeaten = front(costs(found, Variant.on_validation))
    assert [cost.variant.name for cost in unbeaten] == ["good", "alike", "varied"]


def test_neither_the_least_error_nor_the_most_coverage_alone_is_chosen(make_job):
    ruined, aimless = (0.01, 0.1, 0.9), (0.25, 1.0, 0.9)
    assert chosen(make_job, ruined=ruined, aimless=aimless, both=(0.05, 0.8, 0.9)) == "both"


def test_one_that_loses_classes_is_not_chosen(make_job):
    assert chosen(make_job, dominated=(0.01, 1.0, 0.87)) == "paper"


def test_what_few_images_leave_open_of_the_classes_costs_nothing(make_job):
    assert chosen(make_job, nearly=(0.01, 0.9, 0.885)) == "nearly"


def test_more_than_real_images_keep_of_the_classes_gains_nothing(make_job):
    """One whose images are all certain keeps every class; others must keep as many as real images do."""
    assert chosen(make_job, certain=(0.3, 0.5, 1.0)) == "paper"
    assert chosen(make_job, certain=(0.3, 0.5, 1.0), faithful=(0.01, 0.9, 0.885)) == "faithful"


def test_none_is_chosen_where_all_lose_classes(make_job):
    assert choose_variant(variants(make_job, one=(0.01, 1.0, 0.8), other=(0.2, 0.9, 0.87))) is None


def test_what_was_not_measured_is_not_chosen(make_job):
    jobs = [make_job("paper", 0, 0.5, validation=PAPER), make_job("unknown", 0, 0.9), make_job("failed", 0, error="x")]
    found = compare_jobs("sweep", jobs).variants
    assert choose_variant(found).name == "paper"
    assert choose_variant(found[1:]) is None


def test_seeds_are_averaged(make_job):
    jobs = [make_job("paper", 0, 0.5, validation=PAPER)]
    jobs += [make_job("lucky", seed, 0.5, validation=(mae, 0.8, 0.95)) for seed, mae in enumerate((0.01, 0.19))]
    jobs += [make_job("steady", seed, 0.5, validation=(0.09, 0.8, 0.95)) for seed in range(2)]
    found = compare_jobs("sweep", jobs).variants
    assert choose_variant(found).name == "steady"
