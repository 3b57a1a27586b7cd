"""Feature extractors and processors: from series and text to model inputs. Knows no model."""
