import math
import sys
from pathlib import Path

import pytest
import torch
from torchvision.datasets import ImageFolder
from torchvision.transforms.v2.functional import pil_to_tensor

from uqgen.data.shapes import SIDES, SIZE, Shapes, main, polygon_distance, write_shapes


def test_polygons_have_the_area_requested_and_the_distance_of_their_sides():
    sides, area, rotation = torch.tensor([3, 4, 60]), torch.full((3,), 300.0), torch.tensor([0.3, 1.1, 2.0])
    distance = polygon_distance(sides, area, rotation)
    torch.testing.assert_close((0.5 - distance).clamp(0, 1).sum(dim=(1, 2)), area, rtol=0.01, atol=0)

    axis = torch.arange(SIZE) - (SIZE - 1) / 2
    radius = torch.hypot(axis[:, None], axis[None, :])
    circle = radius - math.sqrt(300 / math.pi)
    torch.testing.assert_close(distance[2], circle, rtol=0, atol=0.05)

    upright = polygon_distance(torch.tensor([4]), area[:1], torch.tensor([math.pi / 4]))[0]
    square = torch.maximum(axis[:, None].abs(), axis[None, :].abs()) - math.sqrt(300) / 2
    torch.testing.assert_close(upright, square, rtol=0, atol=1e-4)


def test_shapes_follow_from_the_seed():
    one, same, other = (Shapes(60, seed) for seed in (0, 0, 1))
    assert one.images.equal(same.images)
    assert not one.images.equal(other.images)
    assert (one.images.shape, one.images.dtype) == ((60, 3, 32, 32), torch.uint8)
    assert set(one.targets) == {0, 1, 2}
    assert one[7][0].equal(one.images[7])
    assert one[7][1] == one.targets[7]


def test_a_folder_for_each_class_is_written(tmp_path):
    write_shapes(tmp_path, 12)
    drawn, folder = Shapes(12), ImageFolder(str(tmp_path))
    assert folder.classes == sorted(SIDES)
    for (path, _), (image, _) in zip(folder.samples, folder, strict=True):
        number = int(Path(path).stem)
        assert Path(path).parent.name == Shapes.classes[drawn.targets[number]]
        assert pil_to_tensor(image).equal(drawn.images[number])


@pytest.mark.parametrize(("given", "named"), [(["."], "folder=.: "), (["new", "0"], "n=0: ")])
def test_the_command_writes_into_an_empty_folder_alone(given, named, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    mine = tmp_path / "circle.txt"
    mine.write_text("mine")
    monkeypatch.setattr(sys, "argv", ["shapes", *given])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert named in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [mine]
