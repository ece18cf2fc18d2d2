"""The second set: text in ten styles that a camera's or an editor's chain has gone over, as real files have it.

The chain is gone over by the clean twin too, so that what is left is told from what the chain did. Ranges of the chain
overlap those of training/; fonts, photos, texts, seeds and code do not.
"""
