"""Recipes: whole runs from settings to a folder of results, callable from Python and from the command line."""
