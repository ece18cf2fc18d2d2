"""How well text is found and removed: a fixed synthetic set with known answers. Run `python -m benchmarks.quality`.

Photos, textures and fonts here are never seen by training/.
"""
