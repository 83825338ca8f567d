"""Training beside plain Keras."""
