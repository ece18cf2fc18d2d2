"""Fields of IOPaint's request that nothing here serves: what would be missed is refused by name, and not dropped."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel
from pydantic_core import PydanticCustomError


def _only(default: object, *others: object) -> AfterValidator:
    """`others` ask for nothing either: what some clients send for it."""

    def check(value: object) -> object:
        if value != default and value not in others:
            message = "is not served here; leave it out, or send {default}"
            raise PydanticCustomError("not_served", message, {"default": repr(default)})
        return value

    return AfterValidator(check)


Off = Annotated[bool, _only(False)]


class Companions(BaseModel):
    """What belongs to one of the switches below. While that is off it asks for nothing, whatever it is: IOPaint's own
    page always sends it, with what stands in its controls."""

    extender_x: int = 0
    extender_y: int = 0
    extender_height: int = 640
    extender_width: int = 640
    sd_outpainting_softness: float = 20.0
    sd_outpainting_space: float = 20.0
    p2p_image_guidance_scale: float = 1.5
    controlnet_conditioning_scale: float = 0.4
    controlnet_method: str = "lllyasviel/control_v11p_sd15_canny"
    brushnet_method: str = "Sanster/brushnet_random_mask"
    brushnet_conditioning_scale: float = 1.0


class Unserved(Companions):
    """Outpainting, ControlNet, BrushNet, PowerPaint v2, Paint by Example."""

    use_extender: Off = False
    paint_by_example_example_image: Annotated[str | bytes | None, _only(None, "")] = None
    enable_controlnet: Off = False
    enable_brushnet: Off = False
    enable_powerpaint_v2: Off = False
