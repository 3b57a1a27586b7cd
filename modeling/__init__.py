"""Configurations and models. Imports only torch and transformers, so that a checkpoint can carry this code with it."""
