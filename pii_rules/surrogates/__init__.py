"""Realistic fakes: the same value gets the same fake wherever the scope's key is the same."""
