"""Published question-answering and caption sets, each as samples of `FEATURES`, one module for each source."""
