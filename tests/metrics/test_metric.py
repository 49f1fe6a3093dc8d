import numpy as np
import pytest

from uqgen.metrics import METRICS, Metric, register
from uqgen.metrics.metric import compared, main_metrics, scalars

BY_NAME = {metric.name: metric for metric in compared()}


def test_each_is_read_from_where_it_is_written(make_results):
    results = make_results(0.5)
    found = {key: metric.of(results) for key, metric in BY_NAME.items()}
    expected = {
        f"{protocol}_{name}": results["in_vs_out"][protocol][name]["value"]
        for protocol in ("uniform", "data")
        for name in ("mae", "pearson", "spearman")
    }
    for protocol in ("uniform", "data"):
        judges = [judge["pearson"]["value"] for judge in results["judges"][protocol].values()]
        expected[f"{protocol}_judges_pearson"] = pytest.approx(sum(judges) / 3)
        expected[f"{protocol}_class_agreement"] = 0.5
    helped = {way: results["at_sampling"][way]["in_vs_out"]["mae"]["value"] for way in ("best_of", "recalibrated")}
    expected |= {f"{way}_mae": mae for way, mae in helped.items()}
    alone = results["by_strength"][0]["in_vs_out"]
    expected |= {f"unguided_{name}": alone[name]["value"] for name in ("mae", "pearson")}
    expected |= {"uniform_judges_relative": 0.25, "uniform_class_gap": -0.5, "data_class_gap": -0.75}
    expected |= {"noise_sensitivity": 2.5, "shift_sensitivity": 1.5}
    expected |= {"memorisation": pytest.approx(0.025), "distance_by_score": 69.5}
    expected |= {"distance_in_bin_1": 7.0, "distance_in_bin_4": 28.0}
    expected |= dict.fromkeys(("distance_in_bin_2", "distance_in_bin_3"), pytest.approx(np.nan, nan_ok=True))
    expected |= {"fid": 99.5, "kid": 0.1, "sliced_wasserstein": pytest.approx(np.nan, nan_ok=True)}
    # precision, recall, density and coverage stand in this order: 1 to 4
    expected |= {"coverage": 0.2, "worst_coverage": 0.0625}
    expected |= {"certain_precision": 0.025, "certain_recall": 0.05, "certain_coverage": 0.1}
    expected |= {"below_precision": 0.075, "below_recall": 0.15, "below_coverage": 0.3}
    expected |= {"detail": 0.1, "certain_detail": 0.05, "below_detail": 0.15}
    expected |= {"texture": 0.15, "certain_texture": 0.075, "below_texture": 0.225}
    expected |= {"certain_shares": 0.25, "certain_texture_shares": 0.75}
    expected |= {"below_shares": 0.125, "below_texture_shares": 0.375}
    expected |= {"isolated_pixels": 0.125, "two_sample_auroc": 0.75, "surely_told": 0.05}
    expected |= {"attribute_difference": 0.5}
    assert found == pytest.approx(expected, nan_ok=True)


def test_those_of_a_theme_stand_together_and_the_main_ones_first_in_theirs():
    themes = [metric.theme for metric in compared()]
    assert themes == sorted(themes, key=("agreement", "controls", "realism").index)
    for theme in set(themes):
        is_main = [metric.main for metric in compared() if metric.theme == theme]
        assert is_main == sorted(is_main, reverse=True)
    assert main_metrics()[0].name == "uniform_mae"


def test_evaluations_on_the_way_have_numbers_where_results_have_estimates():
    on_the_way = {"in_vs_out": {"uniform": {"mae": 0.25}}, "judges": {"uniform": {"a": {"pearson": 1.0}}}}
    assert BY_NAME["uniform_mae"].of(on_the_way) == 0.25
    assert BY_NAME["uniform_judges_pearson"].of(on_the_way) == 1.0
    assert np.isnan(BY_NAME["data_mae"].of(on_the_way))


def test_points_have_a_distance_of_their_own(make_results):
    results = make_results(0.5, is_image=False)
    assert np.isnan([BY_NAME[key].of(results) for key in ("fid", "kid", "shift_sensitivity")]).all()
    assert BY_NAME["sliced_wasserstein"].of(results) == 0.2


def test_what_is_not_there_or_not_defined_is_nan(make_results):
    results = make_results(0.5)
    results["in_vs_out"]["uniform"]["pearson"]["value"] = None
    results["judges"]["uniform"]["judge 2"]["pearson"]["value"] = None
    results["judges"]["data"] = {}
    for key in ("uniform_pearson", "uniform_judges_pearson", "data_judges_pearson"):
        assert np.isnan(BY_NAME[key].of(results))
    assert all(np.isnan(metric.of({})) for metric in METRICS)


@pytest.mark.parametrize("key", BY_NAME)
def test_errors_and_distances_are_better_low_and_agreement_high(key):
    distances = (
        "fid",
        "kid",
        "sliced_wasserstein",
        "memorisation",
        "isolated_pixels",
        "two_sample_auroc",
        "surely_told",
        "attribute_difference",
    )
    is_distance = key.endswith(("mae", "sensitivity", "shares")) or key.startswith("distance") or key in distances
    assert BY_NAME[key].best([np.nan, 0.2, 0.1, 0.3]) == (0.1 if is_distance else 0.3)
    assert np.isnan(BY_NAME[key].best([np.nan]))


def test_every_number_has_a_key_of_its_own_and_leads_to_where_it_is_written(make_results):
    results = make_results(0.5)
    found = scalars(results)
    assert found["in_vs_out/uniform/mae"] == results["in_vs_out"]["uniform"]["mae"]["value"]
    assert found["judges/data/judge 2/pearson"] == results["judges"]["data"]["judge 2"]["pearson"]["value"]
    assert found["by_strength/0/realism/images/fid"] == results["by_strength"][0]["realism"]["images"]["fid"]
    assert found["at_sampling/best_of/in_vs_out/mae"] == results["at_sampling"]["best_of"]["in_vs_out"]["mae"]["value"]
    assert np.isfinite(list(found.values())).all()


def test_no_two_metrics_share_a_key_or_a_name():
    assert len({metric.key for metric in METRICS}) == len(METRICS)
    for metric in (Metric("realism/images/fid", "FID again"), Metric("new", "MAE again", name="uniform_mae")):
        with pytest.raises(ValueError, match="already"):
            register(metric)
