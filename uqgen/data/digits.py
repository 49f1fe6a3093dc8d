"""scikit-learn's digits: 1,797 images of 8 x 8 pixels that need no download."""

import torch
from sklearn.datasets import load_digits
from torch.utils.data import TensorDataset


def digits() -> TensorDataset:
    """Images uint8 [1797, 1, 8, 8], white on black, and classes int64 [1797], 0 to 9."""
    images, label = load_digits(return_X_y=True)  # float64 [1797, 64] in 0 .. 16
    pixels = torch.from_numpy(images).mul(255 / 16).round().to(torch.uint8)
    return TensorDataset(pixels.view(-1, 1, 8, 8), torch.from_numpy(label).long())
