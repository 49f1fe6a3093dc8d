"""What the page of a run says in sentences."""

import inspect
import shlex
from typing import NamedTuple

import numpy as np

from uqgen.evaluation.controls import share_seen
from uqgen.evaluation.evaluation_settings import DEFAULT_FEATURES
from uqgen.evaluation.faults import LEAST_AGREEMENT
from uqgen.evaluation.real_cells import FEWEST
from uqgen.metrics import METRICS
from uqgen.metrics.bootstrap import Estimate
from uqgen.metrics.plain import find_at
from uqgen.report.style import score_label
from uqgen.run_folder import Plain
from uqgen.score_texts import score_texts
from uqgen.scores import Score, get_score

SHARES = {0.9: "nearly all", 0.7: "most", 0.4: "part", -np.inf: "little"}  # from this share on
UNKNOWN = "an unknown part"
NETWORKS = {  # of `evaluation.features`
    DEFAULT_FEATURES: "a small network",
    "inception": "InceptionV3",
    "efficientnet_lite0": "EfficientNet-Lite0",
}
TRUST = "How far the score can be trusted"
BESIDE = "Generated beside real"
GUIDANCE = "Guidance"
EXPLANATIONS = {
    BESIDE: (
        "Each class in each part of the range is measured for itself, against as many real training data. The floor is "
        "what other real data reach. Precision: the share of generated data that lie among real ones. Recall: the "
        "share of real data that lie among generated ones. Coverage: the share of real data with a generated one among "
        "their nearest neighbours. Density: how many real neighbourhoods generated data lie in."
    ),
    "In vs. out": (
        "Every dot is generated: across is the score that was requested, upwards the score that the classifier then "
        "gave. The nearer to the dashed line, the better. There are two protocols: scores are requested as often as "
        "real data have them, and uniformly, so that rare scores count as much as common ones."
    ),
    GUIDANCE: (
        "While an image is made, the gradient of the frozen classifier guides it to the requested class and score. "
        "This report uses the strength of the run's settings. Here the same requests are made with other strengths; 0 "
        "is the model alone. If guidance only deceived the classifier, the judges' correlation would stay low, or the "
        "overlap with real images would fall."
    ),
    "At sampling time": (
        "Two methods bring the model alone nearer without a gradient. Best of k: k are made for each "
        "request, and the one with the nearest achieved score is kept. Recalibration: the generator is given the score "
        "that achieves the requested one on average. The classifier itself chooses, so the judges matter most here."
    ),
    "Controls": (
        "A generator can achieve scores by cheating: with adversarial data, with poor ones, with few different ones, "
        "or with memorised ones. Each line compares generated with real data."
    ),
}
ELSEWHERE = ("run=", "cache=", "group=", "data.folder=")  # overrides that say where files lie, and no more


def question(results: Plain) -> str:
    """What was done, and what the page answers; the score is explained by the first line of its own documentation."""
    score, n_classes, data = get_score(results["score"]), len(results["support"]["counts"]), noun(results)
    label = score_label(score.name)
    return (
        f"What makes this classifier uncertain? A classifier of {n_classes} classes was frozen, and each training "
        f"{data} got its {label} from it ({meaning(score)}). A generative model then learned to make {data}s of a "
        f"requested class and {label}. This page answers three questions. How near are achieved scores to requested "
        f"ones? Do judges, independent classifiers that took no part in the training, find the same {data}s uncertain? "
        f"And what do the {data}s show?"
    )


def meaning(score: Score) -> str:
    """What a score is, in the words of its own documentation, and what a high one means."""
    what = (inspect.getdoc(score.function) or "").partition("\n")[0].rstrip(".")
    return f"{what[:1].lower()}{what[1:]}; high where the classifier is {score.high_means}"


def noun(results: Plain) -> str:
    """What the data are, "image" or "point"."""
    return "image" if results["realism"]["images"] else "point"


def summary(results: Plain) -> str:
    """Five sentences, a line each; fewer where something was not measured."""
    score, data, controls = score_label(results["score"]), f"{noun(results)}s", results["controls"]
    uniform, agreement = results["in_vs_out"]["uniform"], results["class_agreement"]["data"]["value"]
    low, high = uniform["curve"][0]["low"], uniform["curve"][-1]["high"]
    errors = [uniform["mae"]["value"], (high - low) / 4]
    missed, middle = score_texts(errors, within=[0, errors[1] / 2], aligned=True)
    lines = [verdict_in_short(results["verdict"])] if results["verdict"] else []
    lines.append(
        f"Requested uniformly from {' to '.join(score_texts([low, high]))}, {score} is missed by {missed} on average; "
        f"always achieving the middle would miss it by {middle}."
    )
    of_class = f"The classifier finds the requested class in {agreement:.0%} of the generated {data}"
    if controls is None:
        return "\n".join([*lines, f"{of_class}.".replace("%", " %")])
    real = controls["matched_real"]["class_agreement"]["data"]["value"]
    lines.append(f"{of_class}, and in {real:.0%} of real {data} with the same scores.".replace("%", " %"))
    if results["real_judges"]:
        lines.append(judges_in_short(results))
    return "\n".join([*lines, *distances(results)[:1]])


def verdict_in_short(verdict: Plain) -> str:
    """The first fault in the order of the rules, or that there is none, in one sentence."""
    if verdict["is_sound"] is None:
        return "Variety and realism could not be measured: there are too few real data."
    if verdict["is_sound"]:
        n_measured, n_cells = verdict["n_measured"], verdict["n_cells"]
        return f"No fault was found; {n_measured} of {n_cells} classes and parts of the range were measured."
    first, *others = verdict["findings"]
    more = f" ({len(others)} more below)" if others else ""
    return f"Fault found{more}: {first['text'][:1].lower()}{first['text'][1:]}"


def judges_in_full(results: Plain) -> str:
    """What the judges say of scores requested uniformly, beside what they say of real images that have these scores.

    Args:
        results: with controls and at least one judge.
    """
    judged, label = _judged(results), score_label(results["score"])
    says = (
        f"The {label} that the judges find in what was generated follows the one requested "
        f"with a Pearson correlation of {judged.generated:.2f} (mean of {judged.n}; requested uniformly). On real data "
        f"of the same scores it is {judged.real:.2f}"
    )
    if not judged.real >= LEAST_AGREEMENT:
        return f"{says}: the judges do not agree with this classifier on real data either, so they prove nothing here."
    says += f"; the {label} that this classifier itself finds follows the one requested with {judged.own:.2f}"
    if not judged.own >= LEAST_AGREEMENT:
        return f"{says}: requests are hardly followed at all, so the judges prove nothing here."
    return (
        f"{says}. Judges that see as much as in real data would reach the product, {judged.real * judged.own:.2f}; "
        f"{judged.generated:.2f} is {judged.share:.0%} of that, so {_share_in_words(judged.share)} of the "
        "uncertainty is in the data, not in the one classifier alone."
    ).replace("%", " %")


def judges_in_short(results: Plain) -> str:
    """The verdict of the judges in one sentence."""
    judged = _judged(results)
    if not judged.real >= LEAST_AGREEMENT:
        return "Independent classifiers cannot confirm the uncertainty: they disagree with this one on real data, too."
    if not judged.own >= LEAST_AGREEMENT:
        return "Independent classifiers cannot confirm the uncertainty: this one hardly finds what was requested."
    return f"Independent classifiers, the judges, see {_share_in_words(judged.share)} of the uncertainty, too."


def distances(results: Plain) -> list[str]:
    """How near generated data are to real ones, a sentence for each distance that is reported."""
    reported = [metric for metric in METRICS if metric.sentence and np.isfinite(metric.of(results))]
    floors = [next(find_at(results, metric.floor)).value for metric in reported]
    return [
        f"Generated {noun(results)}s have a {metric.sentence} of {metric.of(results):.3g} from real training data, "
        f"other real data {floor:.3g}."
        for metric, floor in zip(reported, floors, strict=True)
    ]


def trust(results: Plain) -> str:
    """How well the score finds the classifier's errors on real data, and what each measure is."""
    found, label, data = results["score_quality"]["all"], score_label(results["score"]), noun(results)
    if found["n_errors"] == 0:
        return f"The classifier makes no error on {found['n']:,} real {data}s: nothing says how well {label} finds any."
    return (
        f"Real {data}s alone. The classifier is wrong on {found['n_errors']:,} of "
        f"{found['n']:,}. Of a wrong and a right prediction {label} finds the wrong one more uncertain with "
        f"probability {_number(found['auroc'])}, the AUROC of failure. A threshold that accepts 95 % of the right "
        f"predictions accepts {_number(found['fpr_95'])} of the errors, too (FPR at 95 % TPR). Of the most certain "
        f"80 % of the {data}s {_number(found['risk_80'])} are errors (risk at 80 % coverage), of all "
        f"{_number(found['error_rate'])}. AURC is the mean of that risk over all coverages, E-AURC its excess over a "
        "score that puts every error last. The Brier score and the expected calibration error (ECE) are of the "
        "probabilities, whichever the score."
    )


def measured_with(results: Plain, file: str) -> str:
    """What a run was measured with, and where its numbers are.

    Args:
        results: of the run.
        file: name of the file that holds them.
    """
    n_images, n_trained = results["n_images_evaluated"], results["n_images_trained"]
    return (
        f"All settings are in config.json beside this page, all numbers in {file}. The model was trained on "
        f"{n_trained:,} real data, repeats included, and measured on {n_images:,} generated ones under each protocol, "
        f"beside real {results['evaluation_split']} data. The seed of the training is {results['seed']}, that of the "
        f"evaluation {results['evaluation_seed']}."
    )


def features_of(results: Plain) -> str:
    """What images were compared in, `evaluation.features`; results of an earlier version do not say it."""
    return results.get("features", DEFAULT_FEATURES)


def limits(results: Plain) -> list[str]:
    """What the numbers do not say."""
    score, support, data = results["score"], results["support"], noun(results)
    by_score, edges = np.sum(support["counts"], axis=0), support["edges"]
    rarest = int(by_score.argmin())
    lowest, highest, low, high = score_texts([edges[0], edges[-1], *edges[rarest : rarest + 2]], aligned=True)
    says = "the least of all parts of the range"
    if by_score[rarest] < FEWEST:
        says = f"what is requested there is learnt {'from few' if by_score[rarest] else 'from none'}"
    own = " are in features of a network of our own, and" if data == "image" else ""
    within = f"Distances of {data}s{own} compare within this page alone."
    if data == "image" and features_of(results) != DEFAULT_FEATURES:
        network = NETWORKS[features_of(results)]
        within = f"Distances of images are in features of {network}, and depend on the number of images."
    return [
        f"Of {by_score.sum():,} training {data}s with {score_label(score)} from {lowest} to {highest}, "
        f"{by_score[rarest]:,} have it from {low} to {high}: {says}.",
        f"This is one training with one seed. Intervals are over {data}s, not over trainings.",
        within,
        "What goes with a score need not cause it.",
    ]


def training_command(name: str, settings: Plain) -> str:
    """The command line that started a run, as a shell takes it, without where its files lay.

    Args:
        name: of the experiment.
        settings: of the run; those of a run started from Python hold no command line.
    """
    given = settings.get("overrides") or [f"experiment={name}", f"seed={settings['seed']}"]
    return shlex.join(["python", "-m", "uqgen.train", *(item for item in given if not item.startswith(ELSEWHERE))])


def _number(estimate: Plain) -> str:
    found = Estimate.read(estimate)
    return f"{found.value:.3f} (95 %: {found.low:.3f} to {found.high:.3f})"


class _Judged(NamedTuple):
    """Pearson correlations with the scores requested uniformly.

    Attributes:
        generated, real: of the judges, mean over them, on generated data, and on real data of the same scores.
        own: of the target on generated data.
        n: number of judges.
    """

    generated: float
    real: float
    own: float
    n: int

    @property
    def share(self) -> float:
        """What the judges see, as `share_seen`."""
        return share_seen(self.generated, self.real, self.own)


def _judged(results: Plain) -> _Judged:
    path = "controls/matched_real/judges_pearson/*"
    ours, theirs = ([found.value for found in find_at(results, f"{path}/{side}")] for side in ("generated", "real"))
    own = next(find_at(results, "in_vs_out/uniform/pearson")).value
    return _Judged(float(np.mean(ours)), float(np.mean(theirs)), own, len(ours))


def _share_in_words(share: float) -> str:
    return next((words for least, words in SHARES.items() if share >= least), UNKNOWN)
