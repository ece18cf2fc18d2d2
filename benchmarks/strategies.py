"""How the same image can be brought to the same network: ours, and IOPaint's as its clients use them."""

from collections.abc import Mapping

from models.types import HDStrategy, InpaintParameters

CROP_TRIGGER_PX = 64
"""IOPaint crops only images whose longer side is over hd_strategy_crop_trigger_size (800 in its API); a smaller image
would run whole and say nothing about cropping. So low, it crops every image here, as it would at its best."""

AUTO = "Auto"
ORIGINAL = "Original"

STRATEGIES: Mapping[str, InpaintParameters] = {
    AUTO: InpaintParameters(),
    ORIGINAL: InpaintParameters(HDStrategy.ORIGINAL),
    "Crop 128": InpaintParameters(HDStrategy.CROP, CROP_TRIGGER_PX, 128),
    "Crop 32": InpaintParameters(HDStrategy.CROP, CROP_TRIGGER_PX, 32),
}
"""`Original` is what the service this one replaces sends; 128 is the margin of IOPaint's API, 32 a client's at best."""
