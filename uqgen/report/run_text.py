"""What the page of a run says in sentences."""

import inspect
import platform
import shlex
from importlib.metadata import version

import numpy as np

import uqgen
from uqgen.evaluation.measurements import Measurements
from uqgen.report.style import score_label
from uqgen.run_folder import Plain
from uqgen.scores.score import Score

SHARES = {0.9: "nearly all", 0.7: "most", 0.4: "part", -np.inf: "little"}  # from this share on
UNKNOWN = "an unknown part"
LEAST_AGREEMENT = 0.2  # Pearson correlation on real images below which judges have no say
BESIDE = "Generated beside real"
GUIDANCE = "Guidance"
EXPLANATIONS = {
    BESIDE: (
        "Generated data of each class and part of the range are held against as many real training data of the same; "
        "what other real data reach in their place is the floor. Precision: the share of generated data that lie among "
        "real ones. Recall: the share of real data that lie among generated ones. Coverage: the share of real data "
        "that have a generated one within reach of their nearest real neighbours. Density: how many real "
        "neighbourhoods generated data lie in."
    ),
    "In against out": (
        "Every dot is something generated: the score that was asked of the generator, and the score that the "
        "classifier then gave it. The nearer to the dashed line, the better. Scores were asked in two ways: as often "
        "as real data have them, and uniformly, so that rare scores count as much as common ones."
    ),
    GUIDANCE: (
        "While an image is made, the gradient of the frozen classifier leads it to the class and the score requested. "
        "Everything else in this report is measured under the strength of the run's settings; here the same requests "
        "are made under others, and to the model alone. A classifier's gradient could buy the score with a change "
        "that nobody sees: then the judges' correlation would stay behind, or the overlap with real images would fall."
    ),
    "At sampling time": (
        "The model alone can be helped without a gradient. Nearest of several: some are made for each score asked, and "
        "the one is kept whose score obtained is nearest. Score fed corrected: the generator is fed another score "
        "than the one asked, namely the one that obtains it on average. The classifier itself chooses, so that what "
        "the judges say matters most here."
    ),
    "Controls": (
        "Scores are easily obtained by cheating: with data that fool this classifier alone, that are poor, of which "
        "there are few, or that are copies. Each line holds what was generated against real data."
    ),
}
PACKAGES = ("torch", "lightning", "numpy")
ELSEWHERE = ("run=", "cache=", "group=", "data.folder=")  # overrides that say where files lie, and no more


def question(score: Score, n_classes: int, noun: str) -> str:
    """What was done, and what the page answers.

    Args:
        score: which is explained by the first line of its own documentation.
        n_classes: of the classifier.
        noun: "image" or "point", of the data.
    """
    label = score_label(score.name)
    return (
        f"What makes this classifier uncertain? A classifier of {n_classes} classes was frozen, and each training "
        f"{noun} got its {label} from it ({meaning(score)}). A generative model that is told class and {label} then "
        f"learned to make {noun}s of a class with the {label} that one asks for. How near do the scores obtained come "
        f"to those asked, do judges, classifiers that took no part in the training, find the same {noun}s uncertain, "
        f"and what do the {noun}s show?"
    )


def meaning(score: Score) -> str:
    """What a score is, in the words of its own documentation, and what a high one means."""
    what = (inspect.getdoc(score.function) or "").partition("\n")[0].rstrip(".")
    return f"{what[:1].lower()}{what[1:]}; high where the classifier is {score.high_means}"


def judges_in_full(score: str, measurements: Measurements) -> str:
    """What the judges say of scores asked uniformly, beside what they say of real images that have these scores.

    Args:
        score: name of the score.
        measurements: with controls and at least one judge.
    """
    generated, real = _judged(measurements)
    says = (
        f"The {score_label(score)} that the judges find in what was generated follows the one asked with a Pearson "
        f"correlation of {generated:.2f} (mean of {_n_judges(measurements)}; asked uniformly). On real data of the "
        f"same scores it is {real:.2f}"
    )
    if not real >= LEAST_AGREEMENT:
        return f"{says}: the judges do not agree with this classifier on real data either, so they have no say here."
    return (
        f"{says}, and {generated:.2f} is {generated / real:.0%} of that, so {judged_part(measurements)} of the "
        "uncertainty is in the data, not in the one classifier alone."
    ).replace("%", " %")


def judged_part(measurements: Measurements) -> str:
    """In words, how much of what judges see in real data of the same scores they see in generated ones."""
    generated, real = _judged(measurements)
    return _share_in_words(generated / real)


def judges_in_short(measurements: Measurements) -> str:
    """The verdict of the judges in one sentence."""
    if not _judged(measurements)[1] >= LEAST_AGREEMENT:
        return (
            "Judges, classifiers that took no part, have no say: on real data they do not agree with this one either."
        )
    return f"Judges, classifiers that took no part, see {judged_part(measurements)} of the uncertainty too."


def distance(measurements: Measurements, noun: str) -> str:
    """How near generated data are to real ones.

    Args:
        measurements: of the end of a training.
        noun: "image" or "point", of the data.
    """
    realism = measurements.realism
    if realism.images is not None and realism.images_floor is not None:
        name, ours, floor = "Fréchet distance (FID)", f"{realism.images.fid:.3g}", f"{realism.images_floor.fid:.3g}"
    else:
        name = "sliced Wasserstein distance"
        ours, floor = f"{realism.sliced_wasserstein:.3g}", f"{realism.sliced_wasserstein_floor:.3g}"
    return f"Generated {noun}s have a {name} of {ours} from real training data, other real data {floor}."


def limits(score: str, support: Plain, noun: str) -> list[str]:
    """What the numbers do not say.

    Args:
        score: name of the score.
        support: real training images by class and score, as results.json holds them.
        noun: "image" or "point", of the data.
    """
    by_score, edges = np.sum(support["counts"], axis=0), support["edges"]
    rarest = int(by_score.argmin())
    low, high = edges[rarest], edges[rarest + 1]
    learnt = "from few" if by_score[rarest] else "from none"
    own = " are in features of a network of our own, and" if noun == "image" else ""
    return [
        f"Of {by_score.sum():,} training {noun}s with {score_label(score)} from {edges[0]:.2f} to {edges[-1]:.2f}, "
        f"{by_score[rarest]:,} have it from {low:.2f} to {high:.2f}: what is asked there is learnt {learnt}.",
        f"This is one training with one seed. Intervals are over {noun}s, not over trainings.",
        f"Distances of {noun}s{own} compare within this page alone.",
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


def versions() -> str:
    """What the numbers were computed with."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"uqgen {uqgen.__version__}, Python {platform.python_version()}, {packages}."


def _judged(measurements: Measurements) -> tuple[float, float]:
    """Mean Pearson correlation of the judges on generated and on real data."""
    assert measurements.controls is not None
    both = measurements.controls.matched_real.judges_pearson.values()
    generated, real = (float(np.mean(values)) for values in zip(*((b.generated, b.real) for b in both), strict=True))
    return generated, real


def _n_judges(measurements: Measurements) -> int:
    assert measurements.controls is not None
    return len(measurements.controls.matched_real.judges_pearson)


def _share_in_words(share: float) -> str:
    return next((words for least, words in SHARES.items() if share >= least), UNKNOWN)
