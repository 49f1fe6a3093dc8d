"""What the seeds of each variant have in common: Student (1908), "The probable error of a mean"."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from uqgen.comparison.jobs import Job, State
from uqgen.metrics import Metric
from uqgen.metrics.metric import compared
from uqgen.run_folder import Plain

CONFIDENCE = 0.95
Unit = Callable[[Job], float]  # of a complete job, what its metric is divided by


def _one(_: Job) -> float:
    return 1.0


def middle_error(job: Job) -> float:
    """Mean absolute error of always achieving the middle of the range that a complete job's scores are requested from.

    The range may come from the data, and then differs between seeds.
    """
    edges = job.results["support"]["edges"]
    return (edges[-1] - edges[0]) / 4


@dataclass(frozen=True)
class OverSeeds:
    """A metric over the seeds of one variant.

    Attributes:
        values: one for each seed where it is defined, in the order of the seeds.
        mean: of the values; NaN if there is none.
        low, high: the 95 % interval of the mean, from Student's t distribution: it takes the seeds as independent and
            their values as normal. NaN with fewer than two values, which say nothing of their spread.
    """

    values: tuple[float, ...]
    mean: float
    low: float
    high: float

    @property
    def n(self) -> int:
        """Number of values."""
        return len(self.values)


@dataclass(frozen=True)
class Curve:
    """The mean score achieved for each bin of scores requested, over the seeds of one variant.

    Attributes:
        requested: float [B], the middle of each bin, mean over the seeds, increasing.
        mean: float [B], over the seeds; NaN where no seed has an image in the bin.
        low, high: float [B], the lowest and the highest seed.
    """

    requested: NDArray[np.float64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


@dataclass(frozen=True)
class Variant:
    """The jobs that differ in nothing but their seed.

    Attributes:
        name: what they have in common.
        jobs: by seed; one or more.
    """

    name: str
    jobs: tuple[Job, ...]

    @property
    def complete(self) -> tuple[Job, ...]:
        """The jobs that have results."""
        return tuple(job for job in self.jobs if job.state == State.COMPLETE)

    @property
    def real_agreement(self) -> float:
        """The class agreement of real images: the target's accuracy on validation images, mean over the jobs."""
        return over_seeds([job.results["classifier"]["accuracy"]["validation"] for job in self.complete]).mean

    def over_seeds(self, metric: Metric, unit: Unit = _one) -> OverSeeds:
        """A metric of the complete jobs, each divided by the unit of the job."""
        return over_seeds([metric.of(job.results) / unit(job) for job in self.complete])

    def on_validation(self, metric: Metric, unit: Unit = _one) -> OverSeeds:
        """The same at the end of the jobs' training, on what was requested for validation."""
        return over_seeds([metric.of(job.validation) / unit(job) for job in self.complete])

    def relative_to(self, other: "Variant", metric: Metric) -> OverSeeds:
        """A metric of the complete jobs divided by that of another variant's with the same seed."""
        theirs = {job.seed: metric.of(job.results) for job in other.complete}
        return over_seeds([metric.of(job.results) / theirs.get(job.seed, math.nan) for job in self.complete])


@dataclass(frozen=True)
class Comparison:
    """The variants of a sweep.

    Attributes:
        name: of the sweep.
        variants: one or more, in the order of the jobs.
        metrics: those that are defined for at least one job.
    """

    name: str
    variants: tuple[Variant, ...]
    metrics: tuple[Metric, ...]

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs of all variants."""
        return tuple(job for variant in self.variants for job in variant.jobs)

    @property
    def figures(self) -> tuple[str, ...]:
        """Names of the figures for which there is something to draw."""
        if not self.n_complete:
            return ()
        has_coverage = any(metric.choice == "coverage" for metric in self.metrics)
        return ("front", "metrics", "curves") if has_coverage else ("metrics", "curves")

    @property
    def main_metrics(self) -> tuple[Metric, ...]:
        """The few metrics shown first."""
        return tuple(metric for metric in self.metrics if metric.main)

    @property
    def n_complete(self) -> int:
        """Number of jobs that have results."""
        return sum(len(variant.complete) for variant in self.variants)


def compare_jobs(name: str, jobs: Sequence[Job]) -> Comparison:
    """Groups the jobs of a sweep by variant.

    Args:
        name: of the sweep.
        jobs: one or more, in the order they are shown.
    """
    names = dict.fromkeys(job.variant for job in jobs)
    variants = tuple(Variant(which, tuple(job for job in jobs if job.variant == which)) for which in names)
    metrics = tuple(m for m in compared() if any(not math.isnan(m.of(job.results)) for job in jobs))
    return Comparison(name, variants, metrics)


def over_seeds(values: ArrayLike) -> OverSeeds:
    """Mean and 95 % interval of a value that each seed has.

    Args:
        values: float [S], one for each seed; NaN is left out.
    """
    given = np.asarray(values, dtype=np.float64)
    defined = given[~np.isnan(given)]
    n, mean = len(defined), float(defined.mean()) if len(defined) else math.nan
    half = math.nan
    if n > 1:
        half = float(stats.t.ppf((1 + CONFIDENCE) / 2, n - 1) * defined.std(ddof=1) / math.sqrt(n))
    return OverSeeds(tuple(defined.tolist()), mean, mean - half, mean + half)


def uniform_curve(jobs: Sequence[Job]) -> Curve:
    """What was achieved for each score requested under the uniform protocol.

    Bins are put together by their number: where the range requested comes from the data, their edges differ between
    seeds. Each is averaged over the jobs that have images in it, its edges over those that have the bin.

    Args:
        jobs: complete ones.
    """
    curves = [job.results["in_vs_out"]["uniform"]["curve"] for job in jobs]
    bins = [[point for point in points if point] for points in zip_longest(*curves)]
    requested = [np.mean([(point["low"] + point["high"]) / 2 for point in points]) for points in bins]
    seeds = [_means(points) or [math.nan] for points in bins]
    mean, low, high = (np.array([take(values) for values in seeds]) for take in (np.mean, min, max))
    return Curve(np.array(requested), mean, low, high)


def _means(points: Sequence[Plain]) -> list[float]:
    """The mean scores achieved in a bin, of the seeds that have an image in it."""
    return [point["mean"]["value"] for point in points if point["mean"]["value"] is not None]
