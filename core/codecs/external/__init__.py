"""Codecs that run other programs: command-line encoders, and models in a separate Python."""
