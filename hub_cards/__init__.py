"""Templates of model cards, of Spaces and of Inference Endpoints."""
