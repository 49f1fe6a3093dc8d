"""What happens as a GAN trains: each callback acts every so many images."""
