"""Generator and discriminator for images: StyleGAN2, Karras et al. (2020), at any size and number of channels.

Where a convolution meets a change of resolution, it runs at the lower one (as the strided and transposed
convolutions of the paper do), followed by bilinear upsampling or preceded by average pooling: a quarter of the
arithmetic.
"""

from uqgen.generators.gan.stylegan2.discriminator import Discriminator
from uqgen.generators.gan.stylegan2.generator import Generator

__all__ = ["Discriminator", "Generator", "discriminator", "generator", "sizes"]
