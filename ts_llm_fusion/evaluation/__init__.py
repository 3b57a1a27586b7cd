"""Metrics, evaluation of models and baselines, and reports."""
