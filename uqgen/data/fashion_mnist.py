"""Fashion-MNIST: Xiao, Rasul and Vollgraf (2017), "Fashion-MNIST: a novel image dataset for benchmarking"."""

from uqgen.data.mnist import MNISTDataModule
from uqgen.data.mnist_files import FASHION_MNIST_FILES


class FashionMNISTDataModule(MNISTDataModule):
    """Clothes in MNIST's format: its sizes, its splits, and the same settings; the files are in `FashionMNIST/raw`.

    Examples:
        >>> clothes = FashionMNISTDataModule()
        >>> clothes.shape, clothes.class_names[:2]
        ((1, 32, 32), ['T-shirt/top', 'Trouser'])
    """

    files = FASHION_MNIST_FILES
    class_names = FASHION_MNIST_FILES.reader.classes
    feature_weights = None
