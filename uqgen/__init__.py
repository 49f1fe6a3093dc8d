"""uqgen: what makes an image classifier uncertain, answered with images made on demand."""

__version__ = "0.1.0"
