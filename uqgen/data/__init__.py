"""Data sets in memory and their Lightning data modules."""

__all__ = [
    "attributes",
    "corruption",
    "datamodule",
    "dataset",
    "digits",
    "fashion_mnist",
    "folder",
    "image_datamodule",
    "labelled",
    "low_pass",
    "mnist",
    "moons",
    "shapes",
]
