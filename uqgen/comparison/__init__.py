"""The variants of a sweep, side by side."""
