"""From a trained graph to the file that is served, and its figures."""
