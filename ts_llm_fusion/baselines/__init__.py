"""Baselines: naive, statistical and neural forecasters, and classifiers for questions."""
