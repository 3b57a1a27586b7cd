"""Training on transformers.Trainer and trl; depends on models and processors, but not on data or reports."""
