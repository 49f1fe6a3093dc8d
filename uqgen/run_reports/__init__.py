"""What the commands write into the folder of a run: it is measured, explained or edited, and the page says so."""

__all__ = ["editing", "evaluation", "explanation"]
