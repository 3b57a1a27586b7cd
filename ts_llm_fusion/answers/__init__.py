"""Answers to questions about series: computed facts in checked words, or a reader of shapes."""
