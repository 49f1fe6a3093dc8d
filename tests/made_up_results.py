"""Results and jobs of made-up generators, which conftest.py makes fixtures of."""

import json

import numpy as np

from uqgen.comparison.jobs import Job, State
from uqgen.evaluation.at_sampling import AtSampling
from uqgen.evaluation.controls import MatchedReal
from uqgen.evaluation.manifold import BesideReal, InBin, Manifold
from uqgen.evaluation.measurements import AtStrength
from uqgen.evaluation.protocol import ProtocolResult
from uqgen.evaluation.support import Support
from uqgen.metrics.attribute_differences import AttributeDifference, AttributeDifferences
from uqgen.metrics.bootstrap import Estimate
from uqgen.metrics.by_score import DistanceByScore, DistanceInBin
from uqgen.metrics.cluster_shares import ClusterShares
from uqgen.metrics.fidelity import Fidelity
from uqgen.metrics.in_vs_out import in_vs_out
from uqgen.metrics.local_sensitivity import LocalSensitivity
from uqgen.metrics.memorisation import Memorisation
from uqgen.metrics.plain import as_plain
from uqgen.metrics.ratio import Ratio
from uqgen.metrics.share_ratio import ShareRatio
from uqgen.metrics.two_sample import TwoSample

EDGES = (0, 0.5, 1)


def make_results(quality: float, is_image: bool = True) -> dict:
    """What results.json holds of a made-up GAN, through the classes that are written there; 1 is perfect."""
    rng = np.random.default_rng(int(1000 * quality))
    requested = rng.uniform(0, 1, 50)

    def agreement(quality):
        return in_vs_out(
            requested, quality * requested + (1 - quality) * rng.uniform(0, 1, 50), edges=EDGES, n_resamples=5
        )

    def protocol():
        judges = {f"judge {i}": agreement(quality * i / 4) for i in (1, 2, 3)}
        share = Estimate(quality, np.nan, np.nan)
        return ProtocolResult({"in_vs_out": agreement(quality), "class_agreement": share, "judges": judges})

    protocols = {"data": protocol(), "uniform": protocol()}
    images, points = (Fidelity(100 - quality, 0.1, 0.01), None) if is_image else (None, 0.2)
    realism = {"images": images, "sliced_wasserstein": points}
    parts = protocols["data"].measured
    results = {part: {name: result.measured[part] for name, result in protocols.items()} for part in parts}
    sizes = {"score": "msp", "n_images_evaluated": 50, "evaluation_seed": 0, "n_images_trained": 1_000}
    sizes |= {"evaluation_split": "test", "support": Support((0.0, 0.5, 1.0), ((3, 1), (0, 1_200)))}
    helped = {
        name: AtSampling(cost, agreement(quality + gain), Estimate(quality, np.nan, np.nan), {})
        for name, cost, gain in (("recalibrated", 1, 0.1), ("best_of", 8, 0.2), ("recalibrated_best_of", 8, 0.3))
    }
    alone = (agreement(quality - 0.1), Estimate(quality, np.nan, np.nan), {}, realism, None)
    results |= {"by_strength": [AtStrength(0.0, *alone)]}
    results |= {"manifold": _manifold(quality), "verdict": {"worst": {"coverage": {"value": quality / 8}}}}
    results |= {"detail": _manifold(2 * quality), "texture": _manifold(3 * quality)}
    results |= {"classifier": {"accuracy": {"validation": 0.9}}}
    results |= {**sizes, "realism": realism, "at_sampling": helped, "controls": _controls(quality, is_image)}
    return json.loads(json.dumps(as_plain(results), allow_nan=False))


def _controls(quality: float, is_image: bool) -> dict:
    gaps = {"uniform": quality - 1, "data": quality / 2 - 1}
    relative = {f"judge {i}": Ratio.of(quality * i, 4) for i in (1, 2, 3)}
    return {
        "matched_real": MatchedReal({}, {}, gaps, {}, relative),
        "by_score": DistanceByScore(70 - quality, tuple(_bin(number) for number in range(1, 5))),
        "memorisation": Memorisation(0.03 - quality / 100, 1.0, 0.0, 1.0, 1.0, 50, 50),
        "isolated_pixels": ShareRatio(0.01, quality / 4, Estimate(25 * quality, 5.0, 99.0)) if is_image else None,
        "two_sample": _two_sample(quality) if is_image else None,
        "attributes": _attributes(quality) if is_image else None,
        "local_sensitivity": LocalSensitivity(Ratio.of(3 - quality, 1), Ratio.of(2 - quality, 1) if is_image else None),
    }


def _two_sample(quality: float) -> TwoSample:
    auroc, floor = Estimate(1 - quality / 2, 0.4, 1.0), Estimate(0.5, 0.4, 0.6)
    return TwoSample(auroc, floor, ShareRatio(0.01, quality / 10, Estimate(10 * quality, 1.0, 99.0)))


def _attributes(quality: float) -> AttributeDifferences:
    difference = Estimate(-quality, -quality - 0.1, -quality + 0.1)
    return AttributeDifferences(
        quality, 0.1, (AttributeDifference("holes", "number", "8", "certain", 1.0, 1.5, difference),)
    )


def _manifold(quality: float) -> Manifold:
    def mean(part: float) -> BesideReal:
        return BesideReal(*(Ratio.of(quality * part * number, 2) for number in (1, 2, 3, 4)))

    certain, below = (ClusterShares(Ratio.of(quality / part, 0.1), ()) for part in (2, 4))
    bins = InBin(0.9, 1, mean(0.1), {}, certain), (InBin(0, 0.9, None, {}, below),)
    return Manifold(5, *bins, mean(0.2), mean(0.3))


def _bin(number: int) -> DistanceInBin:
    return DistanceInBin(0, 1, 300, 300, 300, None if number in (2, 3) else 7.0 * number, None)


def _validation(mae: float, coverage: float, agreement: float) -> dict:
    """What the last evaluation of a training holds."""
    found = {"in_vs_out": {"uniform": {"mae": mae}}, "class_agreement": {"data": agreement}}
    return {**found, "manifold": {"mean": {"coverage": {"ratio": coverage}}}}


def make_job(
    variant: str,
    seed: int,
    quality: float | None = None,
    error: str = "",
    validation: tuple[float, ...] | None = None,
    **options,
) -> Job:
    state = State.FAILED if error else State.UNFINISHED if quality is None else State.COMPLETE
    results = {} if quality is None else make_results(quality, **options)
    measured = {} if validation is None else _validation(*validation)
    return Job(f"{variant},seed={seed}", variant, seed, state, error, results, measured)
