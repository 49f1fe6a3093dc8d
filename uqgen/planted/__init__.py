"""The proof of an explanation: classifiers with a weakness that is known by construction, and who finds it."""

__all__ = ["benchmark", "settings", "table", "weaknesses"]
