"""Training on transformers.Trainer and trl. Knows models and processors; data and reports are handed in."""
