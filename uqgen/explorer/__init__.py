"""Asks a trained run for images by hand, on a page of its own."""

__all__ = ["answers", "gradio_page"]
