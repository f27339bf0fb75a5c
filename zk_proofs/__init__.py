"""Predictions with a zero-knowledge proof of the model that made them. Not written yet."""
