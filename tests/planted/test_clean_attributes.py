"""What is true of an image is that of the image itself, wherever it lies."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.utils.data import TensorDataset

from uqgen.data.corruption import Corruption
from uqgen.data.dataset import DatasetDataModule
from uqgen.data.image_datamodule import ImageDataModule
from uqgen.planted.clean_attributes import uncorrupted
from uqgen.settings import SettingError

SPLITS = ("train", "validation", "test")
CORRUPTED = {"corruption": {"seed": 0}}
X = torch.from_numpy(np.random.default_rng(0).integers(256, size=(60, 1, 8, 8), dtype=np.uint8))
LABEL = torch.arange(60) % 3


def images(kept=slice(None), **settings):
    return DatasetDataModule(
        TensorDataset(X[kept], LABEL[kept]), size=8, channels=1, class_names=["a", "b", "c"], **settings
    )


def test_each_image_is_told_where_it_lies_though_others_were_deleted():
    before, data = images(corruption=Corruption()), images(slice(4, None), corruption=Corruption())
    before.setup()
    data.setup()
    data.keep(before.members())  # as allow_changed=true
    clean = uncorrupted(data, CORRUPTED, lambda: images(slice(4, None)))
    known = {image.numpy().tobytes(): place for place, image in enumerate(X)}
    for split in SPLITS:
        mine = torch.tensor([known[image.numpy().tobytes()] for image in getattr(clean, split).x])
        assert len(mine) == len(getattr(data, split))
        plain = getattr(data, split).corruption == 0
        assert X[mine][plain].equal(getattr(data, split).x[plain])
        assert LABEL[mine].equal(getattr(data, split).label)


def test_images_without_a_setting_of_a_corruption_are_taken_as_they_are(caplog):
    data = images()
    data.setup()
    assert uncorrupted(data, {}, pytest.fail) is data
    assert caplog.text == ""
    spoilt = SimpleNamespace(**{split: SimpleNamespace(corruption=torch.tensor([0, 1])) for split in SPLITS})
    assert uncorrupted(spoilt, {}, pytest.fail) is spoilt
    assert "data has no setting corruption" in caplog.text


def test_a_data_module_that_draws_other_images_without_its_corruption_is_refused():
    class Odd(ImageDataModule):
        def __init__(self, corruption):
            super().__init__(10, None, 0, corruption)

        def setup(self, stage="fit"):
            x = X if self.corruption else X.flip(0)
            self.train = self.validation = self.test = self.labelled(x, LABEL, np.arange(60), "train")

    data = Odd(Corruption())
    data.setup()
    with pytest.raises(SettingError, match="false: these data come in no other splits"):
        uncorrupted(data, CORRUPTED, lambda: Odd(None))
