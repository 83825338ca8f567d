"""What a weights folder is, and where it comes from."""
