"""Many photos through the models of a weights folder, to Parquet: no Keras, no page."""
