"""Answers to questions about series: computed facts of history and forecast in checked words, or a reader of shapes."""
