"""Photos on disk, and the rows of pixels and labels made of them."""
