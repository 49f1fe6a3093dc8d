"""Figures and the page."""

__all__ = [
    "arrays",
    "comparison_figures",
    "comparison_report",
    "image_figures",
    "overview_figure",
    "page",
    "realism_figures",
    "run_figures",
    "run_page",
    "run_tables",
    "run_text",
    "saving",
    "score_figures",
    "style",
]
