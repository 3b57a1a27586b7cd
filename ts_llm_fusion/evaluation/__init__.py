"""Metrics, floors and the reports that put them side by side."""
