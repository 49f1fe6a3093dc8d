"""Measurements that were made up, each class and bin as good as real images unless said, and the verdict on them."""

from types import SimpleNamespace

from uqgen.evaluation.manifold import InBin, InCell, Manifold
from uqgen.evaluation.verdict import judge_generator
from uqgen.metrics.bootstrap import Estimate
from uqgen.metrics.local_sensitivity import LocalSensitivity
from uqgen.metrics.memorisation import Memorisation
from uqgen.metrics.overlap import Overlap
from uqgen.metrics.ratio import Ratio


def overlap(precision=0.9, recall=0.9, coverage=0.9, half=0.05) -> Overlap:
    sides = [Estimate(value, value - half, value + half) for value in (precision, recall, 1.0, coverage)]
    return Overlap(*sides)


def cell(error=0.02, **measures) -> InCell:
    return InCell(900, 300, 200, overlap(**measures), overlap(), Estimate(error, error - 0.01, error + 0.01))


NOTHING = InCell(90, 30, 0)


def manifold(certain=None, below=None) -> Manifold:
    return Manifold(
        5,
        InBin(0.99, 1.0, None, {"cat": cell(), "dog": certain or cell()}),
        (InBin(0.5, 0.7, None, {"cat": cell(), "dog": below or cell()}),),
        None,
        None,
    )


def verdict(
    found=None, noise=1.0, shift=1.0, judged=(0.7, 0.75), memorisation=0.01, pearson=0.95, error=0.02, gap=0.0,
    gap_as_in_data=0.0, isolated=None, told_apart=None, attributes=None,
    **appearance,
):  # fmt: skip
    controls = SimpleNamespace(
        local_sensitivity=LocalSensitivity(Ratio.of(noise, 1.0), None if shift is None else Ratio.of(shift, 1.0)),
        matched_real=SimpleNamespace(
            judges_pearson={"judge 1": Ratio.of(*judged)} if judged else {},
            class_agreement_gap={"data": gap_as_in_data, "uniform": gap},
        ),
        memorisation=Memorisation(memorisation, 1.0, 0.0, 2.0, 2.0, 100, 100),
        isolated_pixels=isolated,
        two_sample=told_apart,
        attributes=attributes,
    )
    mae = Estimate(error, error - 0.01, error + 0.01)
    uniform = SimpleNamespace(pearson=Estimate(pearson, pearson, pearson), mae=mae)
    return judge_generator(found or manifold(), appearance, controls, uniform, (0.3, 1.0), "image")


def faults(found) -> list[str]:
    return [finding.fault for finding in found.findings]
