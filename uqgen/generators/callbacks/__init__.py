"""What happens as a model trains: each callback acts every so many images."""
