"""Reads the records of trainings without Keras: histories, previews, model cards."""
