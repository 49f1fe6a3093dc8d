"""A training in fp16, with gradients scaled, is that in fp32 but for rounding."""

import pytest
import torch
from lightning import Trainer
from lightning.pytorch.plugins import MixedPrecision


def weights(model):
    return torch.cat([weight.detach().flatten() for weight in model.parameters()])


def trained(model, data, *plugins):
    """A model after a few steps, and how far its weights have moved."""
    before = weights(model)
    quiet = {
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    Trainer(accelerator="cpu", plugins=list(plugins), max_epochs=1, **quiet).fit(model, datamodule=data)
    return weights(model) - before


@pytest.mark.parametrize(
    ("family", "settings"), [("make_gan", {}), ("make_gan", {"energy": 0.5, "detail_energy": 0.5}), ("make_flow", {})]
)
def test_a_training_in_fp16_moves_the_weights_as_one_in_fp32(family, settings, scored, request):
    make = request.getfixturevalue(family)
    in_full = trained(model := make(n_images=32, **settings), scored(model))
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    in_half = trained(model := make(n_images=32, **settings), scored(model), MixedPrecision("16-mixed", "cpu", scaler))
    assert model.n_images == 32
    assert scaler.get_scale() == 2.0**10  # no step was skipped
    assert not in_half.equal(in_full)
    assert torch.nn.functional.cosine_similarity(in_full, in_half, dim=0) > 0.95
