"""Recognizers: every one is a Presidio ``EntityRecognizer``."""
