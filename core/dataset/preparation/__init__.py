"""Prepares a data set: downloads, lists, splits, decodes and stores its images."""
