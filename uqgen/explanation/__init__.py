"""What the classifier's uncertainty looks like: score sweeps, shares of image attributes, galleries."""

__all__ = [
    "analysis",
    "discovery",
    "edit_changes",
    "edit_quality",
    "editing",
    "explanation",
    "gallery",
    "given_image",
    "interpolation",
    "score_sweep",
    "second_choices",
    "shares",
    "slice_export",
    "slice_facts",
    "slices",
    "slicing",
]
