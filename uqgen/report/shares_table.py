"""The table of what attributes explain of the score."""

from uqgen.explanation.analysis import ALL, Analysis
from uqgen.explanation.attributes import ATTRIBUTES
from uqgen.metrics.bootstrap import Estimate
from uqgen.metrics.plain import as_plain
from uqgen.report.attribute_figures import FOREST, LOOKS, TOGETHER, TRUTH
from uqgen.report.style import with_interval
from uqgen.run_folder import Plain


def shares_rows(analysis: Analysis) -> list[list[str]]:
    """The table of shares as text: a header, then a row for each attribute and for all of them."""
    return written_shares_rows(as_plain(analysis))


def written_shares_rows(analysis: Plain) -> list[list[str]]:
    """The same table, of what results.json holds of an analysis."""
    sources = [analysis["sources"][name] for name in LOOKS]
    explained = [source["explained"][ALL] for source in sources]
    header = ["share of the score's variance", *(title for _, _, title in LOOKS.values())]
    rows = [[name, *(_cell(part["shares"][name]) for part in explained)] for name in ATTRIBUTES]
    rows.append([TOGETHER, *(_cell(part["r2"]) for part in explained)])
    rows.append([FOREST, *(_cell(source["held_out_r2"]) for source in sources)])
    if analysis["truth"] is not None:
        of_truth = analysis["truth"]["explained"][ALL]
        true = {f"true {kind}": share for kind, share in of_truth["shares"].items()}
        true |= {TRUTH: of_truth["r2"], "attributes and true corruption (R²)": analysis["truth"]["beside"]["r2"]}
        rows += [[name, _cell(estimate), "", ""] for name, estimate in true.items()]
    return [header, *rows]


def _cell(estimate: Plain) -> str:
    return with_interval(Estimate.read(estimate))
