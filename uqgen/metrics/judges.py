"""What judges, classifiers that took no part in the training, say: their scores against those requested."""

from collections.abc import Iterator

from uqgen.metrics.in_vs_out import STATISTICS, InVsOut, in_vs_out_of, statistic
from uqgen.metrics.metric import Metric, Row, ScorePairs, per_protocol, register

WHOSE = "judges' "


@per_protocol("judges")
def _of_judges(pairs: ScorePairs) -> dict[str, InVsOut]:
    return {name: in_vs_out_of(pairs, scores) for name, scores in pairs.by_judges.items()}


def _of_protocol(protocol: str) -> Iterator[Metric]:
    path = f"judges/{protocol}/*"
    columns = {"generated": f"{path}/pearson", "real": "controls/matched_real/judges/*/pearson"}
    row = Row("controls", "Pearson correlation with {0}", columns)
    for which in STATISTICS:
        if which == "pearson":
            yield statistic(
                path,
                which,
                protocol,
                WHOSE,
                name=f"{protocol}_judges_pearson",
                theme="controls",
                main=protocol == "uniform",
                section="Quality",
                panel=f"Judges' Pearson correlation ({protocol})",
                rows=[row] if protocol == "uniform" else [],
            )
        else:
            yield statistic(path, which, protocol, WHOSE)
        yield statistic(f"second_score/{path}", which, f"second score, {protocol}", WHOSE)


def _helped(part: str, title: str) -> Iterator[Metric]:
    path = f"{part}/*/judges/*"
    row = Row(part, "{0}", {"judges' Pearson (mean)": f"{path}/pearson"}, "{:.3f}", missing="")
    for which in STATISTICS:
        yield statistic(path, which, f"uniform, {title}", WHOSE, rows=[row] if which == "pearson" else [])


register(
    *_of_protocol("uniform"),
    *_of_protocol("data"),
    *_helped("by_strength", "under guidance"),
    *_helped("at_sampling", "helped at sampling"),
    Metric(
        "controls/matched_real/judges_pearson/*/ratio",
        "judges' Pearson / real (uniform)",
        "higher",
        name="uniform_judges_relative",
        theme="controls",
    ),
)
