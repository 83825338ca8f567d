"""Photos and their labels out of folders and zips: one reader for training, commands and page."""
