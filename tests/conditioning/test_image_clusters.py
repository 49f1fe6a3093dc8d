"""Clusters of images: bars that stand on the left or on the right, sharp or noisy."""

import torch

from uqgen.conditioning.image_clusters import ImageClusters
from uqgen.data.labelled import to_uint8, unit_range

N = 80
RIGHT, NOISY = torch.arange(N) % 2, torch.arange(N) // 2 % 2


def images() -> torch.Tensor:
    x = torch.full((N, 1, 16, 16), -1.0)
    x[RIGHT == 0, :, :, 3:6] = 0.9
    x[RIGHT == 1, :, :, 10:13] = 0.9
    x[NOISY == 1] += 0.4 * torch.randn(N // 2, 1, 16, 16, generator=torch.Generator().manual_seed(1))
    return to_uint8(x.clamp(-1, 1))


def same_partition(one, other):
    return len(torch.stack([one, other], dim=1).unique(dim=0)) == len(one.unique()) == len(other.unique())


def test_shape_tells_where_ink_is_and_texture_how_it_looks():
    assert same_partition(ImageClusters("shape", 2).fit(images()), RIGHT)
    assert same_partition(ImageClusters("texture", 2).fit(images()), NOISY)


def test_images_seen_later_are_in_the_cluster_that_the_same_ones_were_in():
    for by in ("shape", "texture"):
        clusters = ImageClusters(by, 4)
        assert not clusters.is_fitted
        found = clusters.fit(images())
        assert clusters.is_fitted
        assert clusters(unit_range(images())).equal(found)
        again = ImageClusters(by, 4)
        again.load_state_dict(clusters.state_dict())
        assert again.is_fitted
        assert again(unit_range(images())).equal(found)
