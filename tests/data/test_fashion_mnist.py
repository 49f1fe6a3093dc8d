import torch

from uqgen.data.corruption import Corruption
from uqgen.data.fashion_mnist import FashionMNISTDataModule
from uqgen.data.mnist_files import FASHION_MNIST_FILES

NAMES = "T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot"


def test_it_is_fashion_mnist_by_the_rules_of_mnist(fashion_mnist_folder):
    data = FashionMNISTDataModule(fashion_mnist_folder)
    data.prepare_data()
    data.setup()
    assert [len(split) for split in (data.train, data.validation, data.test)] == [55_000, 5_000, 10_000]
    images, labels = FASHION_MNIST_FILES.read(fashion_mnist_folder, train=False)
    assert data.test.x[:, 0, 2:30, 2:30].equal(images)
    assert data.test.label.equal(labels)
    assert torch.cat([data.train.label, data.validation.label]).bincount().tolist() == [6_000] * 10
    assert ",".join(data.class_names) == NAMES
    assert data.feature_weights is None  # those of MNIST were taught digits


def test_it_takes_corruptions_as_mnist_does(fashion_mnist_folder):
    data = FashionMNISTDataModule(fashion_mnist_folder, Corruption(), limit=200)
    data.setup()
    assert data.test.corruption.bincount().tolist()[0] in range(70, 131)
