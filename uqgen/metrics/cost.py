"""What help at sampling time costs."""

from uqgen.metrics.metric import Metric, Row, register

_KEY = "at_sampling/*/cost"
register(
    Metric(
        _KEY,
        "images drawn for each kept",
        "lower",
        "images",
        rows=[Row("at_sampling", "{0}", {"images drawn for each kept": _KEY}, "{:.0f}")],
    )
)
