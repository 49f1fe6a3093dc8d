"""What results.json holds."""

from uqgen.classifiers.calibration import calibrate
from uqgen.classifiers.predictions import accuracy, accuracy_by_corruption
from uqgen.data.corruption import CORRUPTIONS
from uqgen.data.datamodule import SPLITS
from uqgen.evaluation.context import EvaluationContext
from uqgen.evaluation.controls import Controls
from uqgen.evaluation.measurements import Measurements, SecondScore
from uqgen.evaluation.protocol import ProtocolResult
from uqgen.evaluation.support import support
from uqgen.metrics.plain import as_plain
from uqgen.run_folder import Plain

# Le Coz et al. (2023), section 3.2
PAPER_ACCURACY = {
    "mnist": {"train": 0.988, "validation": 0.985},
    "mnist_corrupt": {"train": 0.940, "validation": 0.932},
}


def as_results(name: str, seed: int, context: EvaluationContext, measurements: Measurements, n_images: int) -> Plain:
    """All numbers of a run as plain values, each with what it was computed from.

    Every process calls it, since each does its share of what the evaluation has not predicted: what judges say of
    test images where another split is evaluated.

    Args:
        name: of the experiment.
        seed: of the model's training.
        context: what the model was compared with.
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
        "features": context.settings.features,
        "n_images_of_recalibration": context.settings.n_recalibration,
        "classifier": classifier_results(context, name),
        "support": support(context.own, context.data.n_classes, context.requested_range),
    }
    return {**as_plain(results), **measured(measurements)}


def measured(measurements: Measurements) -> Plain:
    """What was measured, as plain values: the part of results.json that `uqgen.metrics.METRICS` are read from."""
    results = {
        **_by_protocol(measurements.protocols),
        "score_quality": measurements.score_quality,
        "real_judges": measurements.real_judges,
        "realism": measurements.realism,
        "manifold": measurements.manifold,
        "detail": measurements.detail,
        "texture": measurements.texture,
        "controls": None if measurements.controls is None else _controls(measurements.controls),
        "verdict": measurements.verdict,
        "by_strength": measurements.by_strength,
        "at_sampling": measurements.at_sampling,
        "second_score": None if measurements.second is None else _second_score(measurements.second),
    }
    return as_plain(results)


def _by_protocol(protocols: dict[str, ProtocolResult]) -> Plain:
    names = next(iter(protocols.values())).measured
    return {name: {protocol: result.measured[name] for protocol, result in protocols.items()} for name in names}


def _controls(controls: Controls) -> Plain:
    return {"matched_real": controls.matched_real, **controls.measured}


def _second_score(second: SecondScore) -> Plain:
    found = {"name": second.name, **_by_protocol(second.protocols)}
    del found["class_agreement"]  # whatever the score
    return {**found, "real_judges": second.real_judges, "disentanglement": second.disentanglement}


def classifier_results(context: EvaluationContext, experiment: str) -> Plain:
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
    judges = {name: accuracy(said, test.label) for name, said in context.real["test"].judge_logits.items()}
    return {
        "accuracy": splits,
        "paper_accuracy": PAPER_ACCURACY.get(experiment),
        "test_by_corruption": by_kind,
        "calibration": calibrate(logits["validation"], validation.label, logits["test"], test.label),
        "judges_test_accuracy": judges,
        "sha256": context.target.digest(),
    }
