"""Serving beside plain Keras."""
