import pytest

from uqgen.benchmark import SIZES, measure_throughput
from uqgen.config import build, compose, plain


@pytest.mark.parametrize("size", ["small", pytest.param("flow", marks=pytest.mark.slow)])
def test_the_speed_of_the_models_of_the_main_job_is_measured(size):
    speed = measure_throughput(build(plain(compose([*SIZES[size], "model.training.batch_size=4"]))))
    assert 1 < speed.images_per_second < 1e5
    assert 0.05 < speed.gflop_per_image < 10
    assert speed.peak_memory_gib > 0.1
