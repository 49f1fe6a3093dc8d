"""The table of discovered attributes."""

from uqgen.metrics.bootstrap import Estimate
from uqgen.report.style import with_interval
from uqgen.run_folder import Plain

NO_NAME = "no named attribute"


def discovered_rows(discovered: Plain, score: str) -> list[list[str]]:
    """The table as text, of what results.json holds: a header, then a row for each attribute.

    Args:
        discovered: see `uqgen.explanation.discovery.discovery.Discovery.results`.
        score: as the score is written.
    """
    header = ["", "goes with", "moved", f"{score}, less", f"{score}, more", "class changed", "judges see", "directions"]
    rows = []
    for number, found in enumerate(discovered["attributes"], start=1):
        followed = "; ".join(_cell(each) for each in found["followed"].values())
        effects = [_cell(found[name]) for name in ("moved", "less", "more", "changed_class")]
        rows.append([str(number), name_of(found), *effects, followed, ", ".join(found["channels"])])
    return [header, *rows]


def name_of(found: Plain) -> str:
    """What an attribute goes with, and how closely."""
    name = found["goes_with"]
    if name is None:
        return NO_NAME
    r = Estimate.read(found["named"][name]["correlation"])
    return f"goes with {name} (r = {r.value:.2f} [{r.low:.2f}, {r.high:.2f}])"


def _cell(estimate: Plain) -> str:
    return with_interval(Estimate.read(estimate))
