"""To the Hugging Face Hub: weights and the app."""
