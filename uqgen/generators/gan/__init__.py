"""The conditional GAN and its training."""
