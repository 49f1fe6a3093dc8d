"""What results.json holds."""

import math
from dataclasses import fields
from typing import Any

from uqgen.classifiers.calibration import calibrate
from uqgen.classifiers.predictions import SPLITS, accuracy, accuracy_by_corruption
from uqgen.data.corruption import CORRUPTIONS
from uqgen.evaluation.bootstrap import Estimate
from uqgen.evaluation.context import EvaluationContext
from uqgen.evaluation.controls import Controls
from uqgen.evaluation.in_vs_out import InVsOut, as_plain
from uqgen.evaluation.knobs import Effect
from uqgen.evaluation.manifold import MEASURES, Manifold
from uqgen.evaluation.measurements import AtStrength, Measurements, SecondScore
from uqgen.evaluation.protocol import ProtocolResult
from uqgen.evaluation.support import support

# Le Coz et al. (2023), section 3.2
PAPER_ACCURACY = {
    "mnist": {"train": 0.988, "validation": 0.985},
    "mnist_corrupt": {"train": 0.940, "validation": 0.932},
}


def as_results(
    name: str, seed: int, context: EvaluationContext, measurements: Measurements, n_images: int
) -> dict[str, Any]:
    """All numbers of a run as plain values, each with what it was computed from.

    Args:
        name: of the experiment.
        seed: of the model's training.
        context: what the model was held against.
        measurements: of the model.
        n_images: images the discriminator had seen.
    """
    results = {
        "experiment": name,
        "seed": seed,
        "score": context.score.name,
        "n_images_trained": n_images,
        "n_images_evaluated": context.settings.n_images,
        "evaluation_split": context.settings.split,
        "evaluation_seed": context.settings.seed,
        "classifier": classifier_results(context, name),
        "support": support(context.own, context.data.n_classes, context.asked_range),
        **_by_protocol(measurements.protocols),
        "real_judges": measurements.real_judges,
        "realism": measurements.realism,
        "manifold": measurements.manifold,
        "controls": measurements.controls,
        "verdict": measurements.verdict,
        "by_strength": measurements.by_strength,
        "at_sampling": measurements.at_sampling,
        "second_score": None if measurements.second is None else _second_score(measurements.second),
    }
    return as_plain(results)


def _by_protocol(protocols: dict[str, ProtocolResult]) -> dict[str, Any]:
    names = [field.name for field in fields(ProtocolResult)]
    return {name: {protocol: getattr(result, name) for protocol, result in protocols.items()} for name in names}


def _second_score(second: SecondScore) -> dict[str, Any]:
    found = {"name": second.name, **_by_protocol(second.protocols)}
    del found["class_agreement"]  # whatever the score
    return {**found, "real_judges": second.real_judges, "knobs": second.knobs}


def classifier_results(context: EvaluationContext, experiment: str) -> dict[str, Any]:
    """Accuracy of the target on each split, on the test split by corruption and severity, and its calibration."""
    data, logits = context.data, context.logits
    splits = {split: accuracy(logits[split], getattr(data, split).label) for split in SPLITS}
    test, validation = data.test, data.validation
    kinds = accuracy_by_corruption(logits["test"], test.label, test.corruption, test.severity)
    by_kind = [
        {
            "corruption": CORRUPTIONS[corruption],
            "severity": severity,
            "n": int(((test.corruption == corruption) & (test.severity == severity)).sum()),
            "accuracy": value,
        }
        for (corruption, severity), value in kinds.items()
    ]
    judges = {name: accuracy(judge.predict(test.x), test.label) for name, judge in context.judges.items()}
    return {
        "accuracy": splits,
        "paper_accuracy": PAPER_ACCURACY.get(experiment),
        "test_by_corruption": by_kind,
        "calibration": calibrate(logits["validation"], validation.label, logits["test"], test.label),
        "judges_test_accuracy": judges,
        "sha256": context.target.digest(),
    }


def scalars(measurements: Measurements) -> dict[str, float]:
    """The main numbers, each by its path in results.json without the last ``value``: ``in_vs_out/uniform/mae``."""
    found: dict[str, float] = {}
    for protocol, result in measurements.protocols.items():
        found |= _in_vs_out(protocol, result)
        found[f"class_agreement/{protocol}"] = result.class_agreement.value
    if measurements.second is not None:
        found |= {f"second_score/{name}": value for name, value in _second_scalars(measurements.second).items()}
    for part in measurements.by_strength:
        found |= _at_strength(part)
    for way, helped in measurements.at_sampling.items():
        found |= _agreement(f"at_sampling/{way}/in_vs_out", helped.in_vs_out)
        found[f"at_sampling/{way}/class_agreement"] = helped.class_agreement.value
        for judge, agreement in helped.judges.items():
            found |= _agreement(f"at_sampling/{way}/judges/{judge}", agreement)
    realism = measurements.realism
    if realism.images is not None:
        found |= {"realism/images/fid": realism.images.fid, "realism/images/kid": realism.images.kid}
    if realism.sliced_wasserstein is not None:
        found["realism/sliced_wasserstein"] = realism.sliced_wasserstein
    if measurements.manifold is not None:
        found |= _manifold(measurements.manifold)
    if measurements.controls is not None:
        found |= _controls(measurements.controls)
    if measurements.verdict is not None:
        worst = measurements.verdict.worst
        found |= {f"verdict/worst/{name}/value": where.value for name, where in worst.items()}
    return {name: value for name, value in found.items() if math.isfinite(value)}


def _at_strength(part: AtStrength) -> dict[str, float]:
    found = _agreement("in_vs_out", part.in_vs_out)
    found["class_agreement"] = part.class_agreement.value
    if part.realism.images is not None:
        found["fid"] = part.realism.images.fid
    if part.manifold is not None:
        found |= _manifold(part.manifold)
    return {f"strength_{part.strength:g}/{name}": value for name, value in found.items()}


def _in_vs_out(protocol: str, result: ProtocolResult) -> dict[str, float]:
    found = _agreement(f"in_vs_out/{protocol}", result.in_vs_out)
    for judge, agreement in result.judges.items():
        found |= _agreement(f"judges/{protocol}/{judge}", agreement)
    return found


def _second_scalars(second: SecondScore) -> dict[str, float]:
    found: dict[str, float] = {}
    for protocol, result in second.protocols.items():
        found |= _in_vs_out(protocol, result)
    for protocol, knobs in second.knobs.items():
        for effect in fields(knobs):
            for name, value in _estimates(getattr(knobs, effect.name)).items():
                found[f"knobs/{protocol}/{effect.name}/{name}"] = value
    return found


def _manifold(manifold: Manifold) -> dict[str, float]:
    means = {"certain/mean": manifold.certain.mean, "mean": manifold.mean, "mean_below": manifold.mean_below}
    return {
        f"manifold/{place}/{name}/ratio": getattr(mean, name).ratio
        for place, mean in means.items()
        if mean is not None
        for name in MEASURES
    }


def _controls(controls: Controls) -> dict[str, float]:
    matched, fragility = controls.matched_real, controls.fragility
    found = {f"class_agreement_gap/{protocol}": gap for protocol, gap in matched.class_agreement_gap.items()}
    found |= {f"judges_pearson/{judge}/ratio": both.ratio for judge, both in matched.judges_pearson.items()}
    found = {f"matched_real/{name}": value for name, value in found.items()}
    found |= {"by_score/mean": controls.by_score.mean, "copies/share": controls.copies.share}
    found["fragility/noise/ratio"] = fragility.noise.ratio
    if fragility.shift is not None:
        found["fragility/shift/ratio"] = fragility.shift.ratio
    return {f"controls/{name}": value for name, value in found.items()}


def _agreement(path: str, agreement: InVsOut) -> dict[str, float]:
    return {f"{path}/{name}": value for name, value in _estimates(agreement).items()}


def _estimates(result: InVsOut | Effect) -> dict[str, float]:
    estimates = {field.name: getattr(result, field.name) for field in fields(result)}
    return {name: value.value for name, value in estimates.items() if isinstance(value, Estimate)}
