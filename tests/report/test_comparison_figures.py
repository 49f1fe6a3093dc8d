from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_hex

from uqgen.comparison.jobs import Job, State
from uqgen.comparison.variants import compare_jobs, over_seeds
from uqgen.report.comparison_figures import (
    COLOURS,
    MARKERS,
    _lines,
    front_figure,
    metrics_figure,
    variant_curves_figure,
    variant_looks,
)
from uqgen.report.style import SMALL_PRINT, WIDTH
from uqgen.settings import SettingError

NAMES = [
    "condition=fourier",
    "condition=paper",
    "condition=fourier,model.training.balanced=0.5,model.training.consistency=0.125",
    "model.generator.channels=[128,128,64,32],score=true_class",
    "classifier.checkpoint=a_long_name_without_any_comma_that_goes_on_and_on.pt",
]


def made_up(mae, pearson, curve):
    def value(number):
        return {"value": number}

    points = [{"low": i / 4, "high": (i + 1) / 4, "mean": value(mean)} for i, mean in enumerate(curve)]
    sizes = {"score": "msp", "n_images_evaluated": 10_000, "evaluation_seed": 4}
    return {**sizes, "in_vs_out": {"uniform": {"mae": value(mae), "pearson": value(pearson), "curve": points}}}


def job(variant, seed, mae=None, pearson=0.5, curve=(0.4, 0.5, 0.6, 0.7)):
    state = State.UNFINISHED if mae is None else State.COMPLETE
    return Job(f"{variant},seed={seed}", variant, seed, state, "", {} if mae is None else made_up(mae, pearson, curve))


def many(n_variants, n_seeds=3):
    rng = np.random.default_rng(0)
    names = [NAMES[i] if i < len(NAMES) else f"condition=number_{i}" for i in range(n_variants)]
    curves = {name: np.sort(rng.uniform(0.2, 0.9, 4)) for name in names}
    return compare_jobs(
        "sweep",
        [job(name, s, *rng.uniform(0.3, 0.6, 2), curves[name] + 0.05 * s) for name in names for s in range(n_seeds)],
    )


def test_a_row_shows_the_seeds_their_mean_and_its_interval():
    values = {"a": (0.1, 0.12, 0.11), "b": (0.2, 0.25, 0.21)}
    comparison = compare_jobs("", [job(name, s, mae) for name in values for s, mae in enumerate(values[name])])
    mae, pearson = metrics_figure(comparison).axes
    assert [tick.get_text() for tick in mae.get_yticklabels()] == ["a", "b"]
    assert mae.get_ylim()[0] > mae.get_ylim()[1]
    for at, name in enumerate(values):
        seeds, mean = mae.lines[2 * at : 2 * at + 2]
        found = over_seeds(values[name])
        np.testing.assert_array_equal(seeds.get_xdata(), values[name])
        np.testing.assert_array_equal(mean.get_xdata(), [found.mean])
        ((low, y), (high, _)) = mae.collections[at].get_segments()[0]
        assert (low, high) == pytest.approx((found.low, found.high))
        assert y == mean.get_ydata()[0] == pytest.approx(mae.get_yticks()[at], abs=0.5)
        assert seeds.get_ydata()[0] == pytest.approx(mae.get_yticks()[at], abs=0.5)
    assert (mae.get_title("left"), mae.get_xlabel()) == ("MAE (uniform)", "← lower is better")
    assert (pearson.get_title("left"), pearson.get_xlabel()) == ("Pearson (uniform)", "higher is better →")


def test_an_interval_that_would_hide_everything_else_ends_in_an_arrow():
    comparison = compare_jobs("", [job("a", 0, 0.1), job("a", 1, 0.2), job("b", 0, 0.13), job("b", 1, 0.131)])
    mae = metrics_figure(comparison).axes[0]
    low, high = mae.get_xlim()
    assert (low, high) == pytest.approx((0.0, 0.3), abs=0.02)
    ends = [(line.get_xdata()[0], line.get_ydata()[0]) for line in mae.lines]
    arrows = [(x, y) for x, y in ends if x in (low, high)]
    mean = mae.lines[1].get_ydata()[0]
    assert arrows == [(low, mean), (high, mean)]


def test_the_front_joins_the_variants_that_no_other_one_beats_and_shows_each_seed():
    pairs = {"near": [(0.02, 0.5), (0.04, 0.7)], "beaten": [(0.1, 0.5)], "varied": [(0.2, 0.9)]}
    jobs = []
    for name, seeds in {**pairs, "unknown": [(0.01, None)]}.items():
        for seed, (mae, coverage) in enumerate(seeds):
            jobs.append(job(name, seed, mae))
            jobs[-1].results["manifold"] = {"mean": {"coverage": {"ratio": coverage}}}
            jobs[-1].results["support"] = {"edges": [0.3, 1.0]}
    figure = front_figure(compare_jobs("", jobs))
    (axes,) = figure.axes
    line, *points = axes.lines
    np.testing.assert_allclose(line.get_xydata(), [[0.03, 0.6], [0.2, 0.9]])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["front", "near", "beaten", "varied"]
    assert points[0].get_xydata().tolist() == [[0.02, 0.5], [0.04, 0.7]]
    np.testing.assert_allclose(points[1].get_xydata(), [[0.03, 0.6]])


def test_without_coverage_there_is_no_front():
    comparison = many(2)
    assert comparison.figures == ("metrics", "curves")
    assert compare_jobs("", [job("a", 0)]).figures == ()


def test_one_seed_has_no_interval():
    mae = metrics_figure(compare_jobs("", [job("a", 0, 0.1), job("b", 0, 0.2)])).axes[0]
    assert [len(line.get_xdata()) for line in mae.lines] == [1, 1, 1, 1]
    assert [segment for bars in mae.collections for segment in bars.get_segments() if len(segment)] == []


def test_curves_are_means_with_a_band_from_the_lowest_to_the_highest_seed_and_the_identity():
    curves = np.array([(0.1, 0.3, 0.6, 0.8), (0.2, 0.3, 0.5, 0.9), (0.15, 0.4, 0.6, 0.8)])
    jobs = [job("a", s, 0.1, 0.5, curve) for s, curve in enumerate(curves)]
    axes = variant_curves_figure(compare_jobs("", [*jobs, job("b", 0, 0.1)])).axes[0]
    identity, line, other = axes.lines
    assert (identity.get_xy1(), identity.get_slope(), identity.get_label()) == ((0, 0), 1, "achieved = requested")
    np.testing.assert_allclose(line.get_xdata(), [0.125, 0.375, 0.625, 0.875])
    np.testing.assert_allclose(line.get_ydata(), curves.mean(axis=0))
    np.testing.assert_allclose(other.get_ydata(), (0.4, 0.5, 0.6, 0.7))
    corners = axes.collections[0].get_paths()[0].vertices
    for x, values in zip(line.get_xdata(), curves.T, strict=True):
        found = corners[np.isclose(corners[:, 0], x), 1]
        np.testing.assert_allclose((found.min(), found.max()), (values.min(), values.max()))
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["achieved = requested", "a", "b"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("MSP requested, uniformly", "MSP achieved, mean")
    assert axes.get_xlim() == axes.get_ylim()


def test_a_variant_looks_the_same_in_both_figures():
    comparison = many(14)
    of_curves = [
        (to_hex(line.get_color()), line.get_marker()) for line in variant_curves_figure(comparison).axes[0].lines[1:]
    ]
    means = [line for line in metrics_figure(comparison).axes[0].lines if line.get_markersize() == 6]
    assert [(to_hex(line.get_color()), line.get_marker()) for line in means] == of_curves
    assert len(set(of_curves)) == 14


@pytest.mark.parametrize("draw", [metrics_figure, variant_curves_figure])
def test_of_many_variants_the_best_are_shown_and_the_figure_says_so(draw):
    jobs = [job(f"n={number}", 0, 1 - number / 100) for number in range(60)]
    figure = draw(compare_jobs("", jobs))
    few = draw(compare_jobs("", jobs[-36:]))
    assert figure.get_figheight() <= few.get_figheight() + 0.2
    said = " ".join(figure.get_supxlabel().split())
    assert "36 of 60 variants: the front, then those of the least score error" in said
    assert "variants" not in few.get_supxlabel()
    texts = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    names = texts if draw is metrics_figure else [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert names[-36:] == [f"n={number}" for number in range(24, 60)]


def test_of_many_variants_the_whole_front_is_shown():
    jobs = [job(f"n={number}", 0, 0.1 + number / 1_000) for number in range(60)]
    for number, each in enumerate(jobs):
        each.results["manifold"] = {"mean": {"coverage": {"ratio": 0.9 if number == 59 else 0.5}}}
        each.results["support"] = {"edges": [0.3, 1.0]}
    texts = front_figure(compare_jobs("", jobs)).axes[0].get_legend().get_texts()
    assert [text.get_text() for text in texts] == ["front", *(f"n={number}" for number in [*range(35), 59])]


def test_looks_are_told_apart():
    comparison = compare_jobs("", [job(f"variant={number}", 0) for number in range(84)])
    assert len(set(variant_looks(comparison).values())) == len(COLOURS) * len(MARKERS) == 84
    assert len(set(COLOURS)) == len(COLOURS)


def test_variants_without_results_are_left_out():
    comparison = compare_jobs("", [job("a", 0), job("b", 0, 0.1), job("b", 1)])
    assert [tick.get_text() for tick in metrics_figure(comparison).axes[0].get_yticklabels()] == ["b"]
    assert len(variant_curves_figure(comparison).axes[0].lines) == 2


@pytest.mark.parametrize("draw", [metrics_figure, variant_curves_figure])
def test_says_seeds_and_sizes(draw):
    text = draw(compare_jobs("", [job("a", 2, 0.1), job("b", 0, 0.1), job("b", 7)])).get_supxlabel()
    assert " ".join(text.split()).endswith("generated in each run: n = 10,000 · seeds 0, 2 · evaluation seed 4")


@pytest.mark.parametrize("draw", [metrics_figure, variant_curves_figure])
def test_refuses_a_sweep_without_results(draw):
    with pytest.raises(SettingError, match="complete jobs=0: allowed: at least one"):
        draw(compare_jobs("", [job("a", 0)]))


@pytest.mark.parametrize("name", NAMES)
def test_long_names_are_broken_and_lose_no_letter(name):
    lines = _lines(name)
    assert "".join(lines) == name
    assert max(map(len, lines)) <= 28


def test_names_are_broken_after_commas_rather_than_equal_signs_rather_than_anywhere():
    wanted = ["condition=fourier,", "model.training.balanced=0.5,", "model.training.consistency=", "0.125"]
    assert _lines(NAMES[2]) == wanted
    assert _lines("a=1,b=2") == ["a=1,b=2"]


@pytest.mark.parametrize("n_variants", [1, 2, 12, 30])
@pytest.mark.parametrize("draw", [metrics_figure, variant_curves_figure])
def test_nothing_is_cut_off_and_no_name_lies_on_another(draw, n_variants):
    figure = draw(many(n_variants))
    figure.draw_without_rendering()
    drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert 0 <= drawn.x0 < drawn.x1 <= width <= WIDTH
    assert 0 <= drawn.y0 < drawn.y1 <= height
    legend = figure.axes[0].get_legend()
    texts = legend.get_texts() if legend else figure.axes[0].get_yticklabels()
    assert min(text.get_fontsize() for text in texts) >= SMALL_PRINT
    places = [text.get_window_extent() for text in texts]
    assert len(places) == n_variants + (legend is not None)
    assert not any(one.y0 < other.y1 - 1 and other.y0 < one.y1 - 1 for one, other in combinations(places, 2))


def test_a_seed_without_coverage_is_no_point_of_the_front_s_figure():
    jobs = [job("variant", seed, 0.1) for seed in range(3)]
    for one, coverage in zip(jobs, (0.5, None, 0.7), strict=True):
        mean = None if coverage is None else {"coverage": {"ratio": coverage}}
        one.results["manifold"] = {"mean": mean}
        one.results["support"] = {"edges": [0.3, 1.0]}
    points = front_figure(compare_jobs("", jobs)).axes[0].lines[1].get_ydata()
    np.testing.assert_allclose(points, [0.5, np.nan, 0.7])
