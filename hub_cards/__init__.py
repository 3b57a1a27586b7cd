"""Templates of model cards, Spaces and Inference Endpoints."""
