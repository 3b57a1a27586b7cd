"""Feature extractors and processors: series and text to model inputs, independent of any model."""
