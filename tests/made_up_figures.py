"""Every figure of the reports, of made-up numbers and images: of few classes and of many, with names of all kinds."""

import numpy as np
import torch

from uqgen.conditioning.condition import Condition
from uqgen.data.attributes import ATTRIBUTES
from uqgen.evaluation.manifold import InBin, InCell, Manifold
from uqgen.evaluation.score_quality import COVERAGES, ConfidentError, ScoreQuality
from uqgen.explanation.analysis import ALL, Analysis, Source, Truth, curve
from uqgen.explanation.given_image import GivenImages
from uqgen.explanation.interpolation import Between, Interpolation
from uqgen.explanation.second_choices import SecondChoices
from uqgen.explanation.shares import Explained
from uqgen.explanation.slice_facts import RealImage, SliceFacts
from uqgen.explanation.slices import Slices
from uqgen.explanation.slicing import Region, Slice
from uqgen.metrics.bootstrap import Estimate
from uqgen.metrics.cluster_shares import InCluster
from uqgen.metrics.failure_detection import Predictions, failure_detection, reliability, risk_by_coverage
from uqgen.metrics.in_vs_out import in_vs_out
from uqgen.metrics.overlap import Overlap
from uqgen.metrics.share_ratio import ShareRatio
from uqgen.report.attribute_figures import attribute_curves_figure, shares_by_class_figure, shares_figure
from uqgen.report.between_figure import between_figure
from uqgen.report.clusters_figure import BinClusters, clusters_figure
from uqgen.report.gallery_figures import gallery_figure, second_choices_figure
from uqgen.report.image_figures import sample_grid_figure, two_rows_figure
from uqgen.report.overview_figure import overview_figure
from uqgen.report.realism_figures import manifold_figure, moons_figure, side_by_side_figure
from uqgen.report.score_figures import InVsOutPanel, JudgeRow, distribution_figure, in_vs_out_figure, judges_figure
from uqgen.report.score_quality_figures import confident_errors_figure, score_quality_figure
from uqgen.report.shown_classes import ShownClasses
from uqgen.report.slices_figure import slices_figure
from uqgen.report.sweep_figures import differences_figure, strips_figure
from uqgen.report.training_figure import training_figure

RNG = np.random.default_rng(0)
POINTS, SCORES, NOISE = RNG.normal(size=(60, 2)), RNG.uniform(0.1, 1, 60), RNG.uniform(-1, 1, (10, 10, 3, 8, 8))
AGREEMENT = in_vs_out(SCORES, SCORES**2, edges=[0.1, 0.4, 0.7, 1], n_resamples=10)
PANEL = InVsOutPanel("requested as in the data", SCORES, SCORES**2, AGREEMENT)
NAMES = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]


MANY = [f"{name}, {number}" for number in range(20) for name in ("$5_{bill", "<b>R&B$", "猫", "x" * 60, *NAMES[4:])]
CROWD = ShownClasses(MANY, range(0, 200, 13), "chosen for a test")


def shown(n):
    """The first classes of few, or 16 of 200 with names of all kinds."""
    return ShownClasses.all(NAMES[:n]) if n <= len(NAMES) else CROWD


def images_of(n_rows, n_columns):
    return NOISE[np.ix_(np.arange(n_rows) % 10, np.arange(n_columns) % 10)]


def two_rows(n_columns, score_name):
    images, predicted = images_of(2, n_columns)[:, :, :1], np.zeros((2, n_columns), int)
    return two_rows_figure(images, [1, 0.7], predicted, predicted + 0.5, shown(n_columns), score_name, seed=0)


def sample_grid(n_rows, n_columns):
    images, scores = images_of(n_rows, n_columns), np.linspace(1, 0.1, n_columns)
    return sample_grid_figure(images, shown(n_rows), scores, "120,000 images seen", "msp", seed=0)


def training(n_curves):
    return training_figure(np.arange(60), {f"logit of real, {number}": SCORES for number in range(n_curves)}, seed=0)


def strips(n_rows, n_columns):
    scores, says = np.linspace(1, 0.3, n_columns), np.full((n_rows, n_columns), 0.987)
    images = images_of(n_rows, n_columns)
    return strips_figure(images, scores, says, np.zeros(says.shape, int), shown(n_rows), "true_class", seed=0)


def differences(n_rows, n_columns):
    return differences_figure(
        images_of(n_rows, n_columns), np.linspace(1, 0.3, n_columns), shown(n_rows), "msp", seed=0
    )


def gallery(n_rows, n_columns):
    vectors = np.full((n_rows, n_columns, len(shown(n_rows).names)), 0.01)
    images = images_of(n_rows, n_columns)
    return gallery_figure(
        images, vectors, 0.65, shown(n_rows), "entropy", within=(0.1, 1), seed=0, dropped="near-duplicates: 13 %"
    )


def choices(n_scores, n_classes):
    names = shown(n_classes).names
    counts = RNG.integers(0, 100, (len(names), len(names))).tolist()
    one = SecondChoices(0.65, 0.56, 0.74, counts, counts, 0.75, np.nan)
    return second_choices_figure([one] * n_scores, names, "true_class", seed=0)


def between(n, names):
    vectors = torch.eye(len(names)).repeat(5, 1)[: n + 2]
    x = torch.full((n + 2, 3, 8, 8), 90, dtype=torch.uint8)
    ends = [0, n + 1]
    given = GivenImages(x[ends], Condition(vectors[ends].argmax(dim=1), vectors[ends].amax(dim=1), vectors[ends]))
    found = Between(given, torch.tensor([0.1, 0.2]), Interpolation(x[1:-1], vectors[1:-1].amax(dim=1), vectors[1:-1]))
    return between_figure(found, names, "true_class", (0.3, 1), seed=0)


def manifold(names):
    number = Estimate(0.9, 0.8, 1.0)
    found = InCell(500, 100, 200, Overlap(*4 * [number]), Overlap(*4 * [number]), number)
    classes = dict.fromkeys(names, found)
    edges = [(0.3, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 0.99), (0.99, 1)]
    *below, certain = (InBin(*pair, None, classes) for pair in edges)
    beside = Manifold(5, certain, tuple(below), None, None)
    return manifold_figure(beside, {"detail": beside, "texture": beside}, "true_class", seed=0)


def clusters(n_bins, n_images):
    shares = [ShareRatio(share, 1 - share, Estimate(1, 0, 2)) for share in (0.6, 0.3, 0.08, 0.02)]
    found = [InCluster(share, share) for share in shares]
    bins = [BinClusters(low, low + 0.1, images_of(4, n_images), found) for low in np.linspace(0, 0.9, n_bins)]
    return clusters_figure(bins, "true_class", "texture", seed=0)


def score_quality(error_rate):
    wrong = RNG.random(60) < error_rate
    said = Predictions(SCORES, wrong, SCORES, SCORES)
    parts = reliability(said), COVERAGES, risk_by_coverage(said, COVERAGES)
    return score_quality_figure(ScoreQuality(failure_detection(said, 5), {}, *parts, []), "true_class", seed=0)


def confident_errors(n, names):
    errors = [ConfidentError("a.png", 0, number % len(names), 1, 0.9999, 0.9999) for number in range(n)]
    return confident_errors_figure(images_of(n, 1)[:, 0], errors, names, "mutual_information", seed=0)


def slices(n):
    x = torch.full((20, 3, 8, 8), 90, dtype=torch.uint8)
    rate, image = Estimate(0.4, 0.3, 0.5), RealImage("a.png", 0, "x", "y", 0.123)
    region = Region((0,), np.ones(1), 0.5, (0,))
    found = [Slice(region, (*range(9),), 4, rate, rate, (), 2.0, True, number == 0) for number in range(n)]
    shown = ([], None, 0.5, None, None, [image] * 8, [*range(8)], "", "")
    facts = [SliceFacts(number, each, *shown) for number, each in enumerate(found, start=1)]
    return slices_figure(
        Slices(facts, "validation", 9, x, torch.zeros(20), torch.zeros(20)), x, "msp", within=(0.3, 1), seed=0
    )


def side_by_side(n_classes, n):
    images = images_of(n_classes, n)
    return side_by_side_figure(images, images, shown(n_classes), "true-class probability 0.99 to 1.00", seed=0)


def overview(n_rows, classes):
    images = images_of(n_rows, 7)
    return overview_figure(images, images, np.linspace(1, 0.3, 7), classes, PANEL, "true_class", seed=0)


def analysis(is_corrupted, names=NAMES):
    number = Estimate(0.4, 0.3, 0.5)
    of_each = dict.fromkeys(ATTRIBUTES, number)
    explained = dict.fromkeys([ALL, *names], Explained(5_000, number, of_each, of_each))
    source = Source(explained, number, {name: curve(1000 * SCORES, SCORES, 5) for name in ATTRIBUTES})
    truth = Truth(explained, explained[ALL]) if is_corrupted else None
    return Analysis(dict.fromkeys(("generated", "changes", "real"), source), truth, None)


FIGURES = {
    "moons": lambda: moons_figure(POINTS, SCORES, POINTS, SCORES, "true_class", seed=0),
    "one protocol": lambda: in_vs_out_figure([PANEL], "msp", seed=0),
    "two protocols": lambda: in_vs_out_figure([PANEL, PANEL], "entropy", seed=0),
    "two rows of ten": lambda: two_rows(10, "true_class"),
    "two rows of two": lambda: two_rows(2, "true_class"),
    "large grid": lambda: sample_grid(10, 10),
    "small grid": lambda: sample_grid(2, 4),
    "distribution": lambda: distribution_figure(SCORES, SCORES, "msp", seed=0),
    "training, seven": lambda: training(7),
    "training, one": lambda: training(1),
    "judges": lambda: judges_figure([JudgeRow("a network of another kind", AGREEMENT, AGREEMENT)] * 3, seed=0),
    "strips": lambda: strips(10, 11),
    "two strips": lambda: strips(2, 5),
    "differences": lambda: differences(10, 10),
    "gallery": lambda: gallery(10, 8),
    "small gallery": lambda: gallery(2, 3),
    "second choices": lambda: choices(4, 10),
    "second choices, one": lambda: choices(1, 2),
    "shares": lambda: shares_figure(analysis(is_corrupted=True), "expected_entropy", seed=0),
    "shares without truth": lambda: shares_figure(analysis(is_corrupted=False), "msp", seed=0),
    "shares by class": lambda: shares_by_class_figure(analysis(is_corrupted=True), shown(10), seed=0),
    "attributes by score": lambda: attribute_curves_figure(analysis(True), "msp", high_means="confident", seed=0),
    "between": lambda: between(41, NAMES),
    "between, two": lambda: between(2, NAMES),
    "manifold": lambda: manifold(NAMES),
    "clusters": lambda: clusters(5, 8),
    "clusters of one bin": lambda: clusters(1, 3),
    "manifold of two": lambda: manifold(NAMES[:2]),
    "score quality": lambda: score_quality(0.4),
    "score quality without errors": lambda: score_quality(0),
    "certain errors": lambda: confident_errors(24, NAMES),
    "one certain error": lambda: confident_errors(1, NAMES),
    "certain errors of many": lambda: confident_errors(11, MANY),
    "slices": lambda: slices(10),
    "one slice": lambda: slices(1),
    "no slice": lambda: slices(0),
    "side by side": lambda: side_by_side(10, 12),
    "side by side, two": lambda: side_by_side(2, 5),
    "crowd, two rows": lambda: two_rows(16, "msp"),
    "crowd, grid": lambda: sample_grid(16, 8),
    "crowd, strips": lambda: strips(16, 11),
    "crowd, strips of few scores": lambda: strips(16, 3),
    "crowd, differences": lambda: differences(16, 10),
    "crowd, gallery": lambda: gallery(16, 8),
    "crowd, second choices": lambda: choices(4, 16),
    "crowd, shares by class": lambda: shares_by_class_figure(analysis(True, MANY), CROWD, seed=0),
    "crowd, between": lambda: between(41, MANY),
    "crowd, manifold": lambda: manifold(MANY),
    "crowd, side by side": lambda: side_by_side(16, 12),
    "overview": lambda: overview(5, ShownClasses(NAMES, [0, 2, 5, 7, 9], "evenly spread over their list")),
    "overview of two": lambda: overview(2, shown(2)),
    "crowd, overview": lambda: overview(5, ShownClasses(MANY, [0, 2, 3, 5, 6], "evenly spread over their list")),
    "one judge": lambda: judges_figure([JudgeRow("MLP", AGREEMENT, AGREEMENT)], seed=0),
}
