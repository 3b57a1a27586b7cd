"""Publishing to the Hub: contents of a push, cards, endpoints and Spaces."""
