"""Trains the stroke network of models/masking/stroke_network.py on synthetic text. See README.md here; nothing serves
from it."""
