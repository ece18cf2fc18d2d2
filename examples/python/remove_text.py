"""One picture: python remove_text.py IN OUT"""

import sys

from text_removal import Client, TextRemovalError

with Client() as client:
    try:
        result = client.remove_text(sys.argv[1], output_format="same")
    except TextRemovalError as error:
        sys.exit(f"{sys.argv[1]}: {error}")
result.save(sys.argv[2])
print(f"{result.regions} regions, {result.area_px} pixels, by {result.model} in {result.processing_time:.2f} s")
