"""What the page of a run says in sentences."""

import platform
from importlib.metadata import version

import numpy as np

import uqgen
from uqgen.evaluation.measure import Measurements
from uqgen.report.style import score_label
from uqgen.run_folder import Plain

VERDICTS = {0.9: "nearly all", 0.7: "most", 0.4: "part", -np.inf: "little"}  # from this share on
PACKAGES = ("torch", "lightning", "numpy")


def question(score: str, n_classes: int) -> str:
    """What was done, and what the page answers."""
    label = score_label(score)
    return (
        f"What makes this classifier uncertain? A classifier of {n_classes} classes was frozen, and each training "
        f"image got its {label} from it. A GAN that is told class and {label} then learned to make images of a class "
        f"with the {label} that one asks for. How near do the scores obtained come to those asked, do classifiers that "
        "took no part find the same images uncertain, and what do the images show?"
    )


def verdict(score: str, measurements: Measurements) -> str:
    """What the judges say of scores asked uniformly, beside what they say of real images that have these scores.

    Args:
        score: name of the score.
        measurements: with controls and at least one judge.
    """
    assert measurements.controls is not None
    both = measurements.controls.matched_real.judges_pearson.values()
    generated, real = (float(np.mean(values)) for values in zip(*((b.generated, b.real) for b in both), strict=True))
    share = generated / real
    word = next((word for least, word in VERDICTS.items() if share >= least), "an unknown part")
    return (
        f"The {score_label(score)} that the judges find in the images follows the one asked with a Pearson correlation "
        f"of {generated:.2f} (mean of {len(both)}; asked uniformly). On real images of the same scores it is "
        f"{real:.2f}: the generated ones keep {share:.0%} of the agreement there is to be had, so {word} of the "
        "uncertainty is in the images, not in the one classifier alone."
    )


def limits(score: str, support: Plain) -> list[str]:
    """What the numbers do not say.

    Args:
        score: name of the score.
        support: real training images by class and score, as results.json holds them.
    """
    by_score, edges = np.sum(support["counts"], axis=0), support["edges"]
    rarest = int(by_score.argmin())
    low, high = edges[rarest], edges[rarest + 1]
    return [
        f"Of {by_score.sum():,} training images, {by_score[rarest]:,} have {score_label(score)} from {low:.2f} to "
        f"{high:.2f}: what is asked there is learnt from few.",
        "This is one training with one seed. Intervals are over images, not over trainings.",
        "Distances compare within this page alone: those of images are in features of a network of our own.",
        "What goes with a score need not cause it.",
    ]


def versions() -> str:
    """What the numbers were computed with."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"uqgen {uqgen.__version__}, Python {platform.python_version()}, {packages}."
