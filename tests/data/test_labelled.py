import pytest
import torch

from uqgen.data.labelled import LabelledData, as_pictures, to_uint8, unit_range


@pytest.fixture
def images():
    pixels = torch.randint(256, (10, 3, 4, 5), dtype=torch.uint8)
    return LabelledData(pixels, torch.arange(10), torch.arange(10) % 3, torch.arange(10) % 6)


def test_every_grey_comes_back_as_it_was():
    greys = torch.arange(256, dtype=torch.uint8)
    assert to_uint8(unit_range(greys)).equal(greys)


def test_the_ends_and_the_middle_are_where_networks_expect_them():
    assert unit_range(torch.tensor([0, 255], dtype=torch.uint8)).tolist() == [-1, 1]
    assert unit_range(torch.arange(256, dtype=torch.uint8)).mean().item() == pytest.approx(0, abs=1e-7)
    assert unit_range(torch.zeros(1, dtype=torch.uint8)).dtype == torch.float32


def test_what_overshoots_is_clipped_and_the_rest_is_rounded_to_the_nearest():
    levels = torch.tensor([-7.0, -1.0, -1 + 0.4 / 127.5, -1 + 0.6 / 127.5, 1 - 0.4 / 127.5, 1.0, 7.0])
    assert to_uint8(levels).tolist() == [0, 0, 0, 1, 255, 255, 255]
    assert to_uint8(levels).dtype == torch.uint8


def test_pictures_have_their_levels_and_let_gradients_pass():
    x = torch.tensor([[[[0.001, 1.7]]]], requires_grad=True)
    y = as_pictures(x)
    y.sum().backward()
    torch.testing.assert_close(y.detach(), torch.tensor([[[[0.5 / 127.5, 1.0]]]]))
    assert x.grad.eq(1).all()
    points = torch.tensor([[0.001, 1.7]])
    assert as_pictures(points) is points


def test_points_are_handed_out_as_they_are():
    points = torch.randn(4, 2) * 5
    zeros = torch.zeros(4, dtype=torch.int64)
    data = LabelledData(points, zeros, zeros, zeros)
    assert data[[2, 0]].x.equal(points[[2, 0]])


@pytest.mark.parametrize("index", [[3, 1, 1, 9], torch.tensor([8, 0]), slice(2, 7)])
def test_a_batch_is_its_images_one_by_one(images, index):
    batch = images[index]
    for position, source in enumerate(torch.arange(10)[index].tolist()):
        single = images[[source]]
        for of_batch, of_single in zip(batch, single, strict=True):
            assert of_batch[position].equal(of_single[0])
        assert batch.x[position].equal(images.x[source].float() / 127.5 - 1)
        assert (batch.label[position], batch.corruption[position], batch.severity[position]) == (
            source,
            source % 3,
            source % 6,
        )


def test_handing_out_a_batch_changes_nothing(images):
    before = images.x.clone()
    images[[0, 1]].x.zero_()
    images[slice(0, 5)].x.zero_()
    assert images.x.equal(before)


def test_a_subset_is_a_data_set_of_its_own(images):
    part = images.subset(torch.tensor([4, 2]))
    assert len(part) == 2
    assert part.x.equal(images.x[[4, 2]])
    assert part.label.tolist() == [4, 2]
    assert part.corruption.tolist() == [1, 2]
    assert part.severity.tolist() == [4, 2]
