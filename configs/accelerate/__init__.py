"""Recipes: one file is one reproducible run."""
