"""Data sets: the registry, downloads, series and questions."""
