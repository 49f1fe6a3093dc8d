"""The tables of an explanation as text, made of what its results.json holds: a header, then the rows."""

from collections.abc import Sequence

import numpy as np

from uqgen.data.attributes import ATTRIBUTES
from uqgen.explanation.analysis import ALL
from uqgen.metrics.bootstrap import Estimate
from uqgen.report.attribute_figures import FOREST, LOOKS, TOGETHER, TRUTH
from uqgen.report.style import with_interval
from uqgen.run_folder import Plain
from uqgen.score_texts import score_texts

NO_NAME = "no named attribute"
MOST_CLASSES, N_LARGEST = 10, 3  # classes of a table, and attributes of each


def shares_rows(analysis: Plain) -> list[list[str]]:
    """What each attribute, and all of them, explain of the score.

    Args:
        analysis: see `uqgen.explanation.analysis.Analysis`.
    """
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


def own_rows(own: Plain) -> list[list[str]]:
    """Classes in the order in which the classifier is behind its judges, and what goes with it.

    Args:
        own: see `uqgen.explanation.analysis.Analysis.own`.
    """
    header = ["class", "probability of the class less the judges'", "R²", "attributes with the largest shares of it"]
    classes = sorted((name for name in own if name != ALL), key=lambda name: Estimate.read(own[name]["lead"]).value)
    return [header, *(_own_row(name, own[name]) for name in (ALL, *classes[:MOST_CLASSES]))]


def _own_row(name: str, weakness: Plain) -> list[str]:
    explained = weakness["explained"]
    shares = {key: Estimate.read(share).value for key, share in explained["shares"].items()}
    largest = sorted(shares, key=lambda key: -shares[key])[:N_LARGEST]
    named = "" if np.isnan(shares[largest[0]]) else ", ".join(f"{key} {shares[key]:.2f}" for key in largest)
    return [name, _cell(weakness["lead"]), _cell(explained["r2"]), named]


def discovered_rows(discovered: Plain, score: str) -> list[list[str]]:
    """The discovered attributes.

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


def slices_rows(found: Sequence[Plain], score: str, within: Sequence[float]) -> list[list[str]]:
    """The slices: what counts, and what does not yet.

    Args:
        found: of each slice, see `uqgen.explanation.slice_facts.SliceFacts.results`.
        score: as the score is written.
        within: scores of which the range says how many decimals they need.
    """
    header = ["slice", "kind", "real images", "errors", "error rate", "of all others", "judges", "explained"]
    rows = [
        [
            str(each["number"]),
            kind_of(each["is_confirmed"], each["is_own"], bool(each["judges"])),
            f"{each['size']:,}",
            f"{each['n_errors']:,}",
            _cell(each["error_rate"]),
            _cell(each["rest"]),
            ", ".join(f"{judge['value']:.2f}" for judge in each["judges"]) if each["size"] else "",
            f"{each['explained']:.0f}",
            "" if each["mean_score"] is None else score_texts(each["mean_score"], within, aligned=True)[0],
        ]
        for each in found
    ]
    return [[*header, f"mean {score}"], *rows]


def _cell(estimate: Plain) -> str:
    return with_interval(Estimate.read(estimate))


def kind_of(is_confirmed: bool, is_own: bool, has_judges: bool) -> str:
    """Of a slice; without judges it is not known whether its images are hard for all."""
    if not is_confirmed:
        return "hypothesis"
    if not has_judges:
        return "confirmed"
    return "own weakness" if is_own else "hard for all"
