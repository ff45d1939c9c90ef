"""Reads the records of trainings without Keras: histories, strips, model cards."""
