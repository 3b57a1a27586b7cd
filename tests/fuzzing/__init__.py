"""Fuzzing: families of cases, each with a check of the answer, and the harness that runs them."""
