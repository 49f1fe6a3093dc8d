"""What the classifier's uncertainty looks like: score sweeps, image attributes, galleries."""

__all__ = [
    "analysis",
    "attributes",
    "edit_quality",
    "editing",
    "explanation",
    "gallery",
    "given_image",
    "interpolation",
    "score_sweep",
    "second_choices",
    "shares",
]
