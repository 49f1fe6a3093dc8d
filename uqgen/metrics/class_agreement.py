"""Whether images are predicted as the class requested."""

from collections.abc import Iterator

import numpy as np
from torch import Tensor

from uqgen.classifiers.ensemble import predictive_logits
from uqgen.metrics.bootstrap import Estimate, bootstrap_mean
from uqgen.metrics.metric import Metric, Row, ScorePairs, per_protocol, register


def class_agreement(logits: Tensor, label: Tensor, n_resamples: int) -> Estimate:
    """Share of images whose most probable class is the one requested, or, of real images, their own.

    Args:
        logits: float32 [N, K] or [N, M, K].
        label: int64 [N].
        n_resamples: number of bootstrap resamples.
    """
    agrees = (predictive_logits(logits).argmax(dim=1) == label).numpy().astype(np.float64)
    return bootstrap_mean(agrees, n_resamples)


@per_protocol("class_agreement")
def _of_pairs(pairs: ScorePairs) -> Estimate:
    return class_agreement(pairs.logits, pairs.label, pairs.n_resamples)


def _of_protocol(protocol: str, requested: str) -> Iterator[Metric]:
    key, of_real = f"class_agreement/{protocol}", f"controls/matched_real/class_agreement/{protocol}"
    yield Metric(
        key,
        f"class agreement ({protocol})",
        "higher",
        name=f"{protocol}_class_agreement",
        theme="controls",
        main=protocol == "data",
        choice="class agreement" if protocol == "data" else "",
        section="Quality",
        panel="Class agreement",
        rows=[
            Row("agreement", "class agreement", {protocol: key}),
            Row("second score", "class agreement", {protocol: key}),
            Row("controls", f"class agreement, {requested}", {"generated": key, "real": of_real}),
        ],
    )
    yield Metric(
        f"controls/matched_real/class_agreement_gap/{protocol}",
        f"class agreement less real ({protocol})",
        "higher",
        name=f"{protocol}_class_gap",
        theme="controls",
    )


def _helped(part: str, title: str) -> Metric:
    key = f"{part}/*/class_agreement"
    row = Row(part, "{0}", {"class agreement": key})
    return Metric(key, f"class agreement (uniform, {title})", "higher", rows=[row])


register(
    *_of_protocol("data", "requested as in the data"),
    *_of_protocol("uniform", "requested uniformly"),
    _helped("by_strength", "under guidance"),
    _helped("at_sampling", "helped at sampling"),
)
