"""Speed and memory beside plain Keras, measured on one machine in one run."""
