"""Trains the stroke network of models/strokes_net.py on synthetic text. See README.md here; nothing serves from it."""
