"""Hyperparameter studies and their search spaces, planned and read without Keras."""
