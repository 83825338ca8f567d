"""Trunk and tails: the graph, and how its parts are trained."""
