import json

import pytest

from uqgen.config import compose
from uqgen.files import read_rows
from uqgen.run_folder import RunFolder
from uqgen.train import train

accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")


@pytest.mark.slow
def test_tensorboard_holds_what_the_run_s_folder_holds(tmp_path):
    run = RunFolder(tmp_path / "run")
    few = ["evaluation.n_judges=0", "evaluation.n_images=50", "evaluation.n_images_in_training=10"]
    requested = ["experiment=moons", "debug=seconds", "trainer=cpu", "logger=tensorboard", *few]
    train(compose([*requested, f"run={run.path}", f"cache={tmp_path / 'cache'}"]))
    events = accumulator.EventAccumulator(str(run.path / "tensorboard"))
    events.Reload()
    rows = read_rows(run.training / "history.csv")
    losses = events.Scalars("train/d_loss")
    assert [event.step for event in losses] == [row["n_images"] for row in rows]
    assert [event.value for event in losses] == pytest.approx([row["d_loss"] for row in rows])
    results = json.loads(run.results.read_text())
    mae = events.Scalars("test/in_vs_out/uniform/mae")
    assert mae[-1].value == pytest.approx(results["in_vs_out"]["uniform"]["mae"]["value"])
    evaluations = read_rows(run.evaluations)
    on_the_way = events.Scalars("val/in_vs_out/uniform/mae")
    assert [event.step for event in on_the_way] == [row["n_images"] for row in evaluations]
    assert [event.value for event in on_the_way] == pytest.approx([row["in_vs_out/uniform/mae"] for row in evaluations])
    assert len(mae) == 1
    assert mae[-1].step == results["n_images_trained"]
    assert "test/charts/uniform" in events.Tags()["images"]
