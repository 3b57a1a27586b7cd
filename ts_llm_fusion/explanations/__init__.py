"""Reasons of a forecast: facts that are its computation, words rendered from them, and a check of the words."""
