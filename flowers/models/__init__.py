"""A photo, and what the models say of it."""
