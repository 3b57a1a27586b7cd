"""Recipes of the time-series language model."""
