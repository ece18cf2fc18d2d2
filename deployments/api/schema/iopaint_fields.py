"""IOPaint's request fields that nothing here serves. Left at IOPaint's default they ask for nothing; any other value
would be dropped in silence, so it is refused and named."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel
from pydantic_core import PydanticCustomError


def _only(default: object) -> AfterValidator:
    def check(value: object) -> object:
        if value != default:
            message = "is not served here; leave it out, or send {default}"
            raise PydanticCustomError("not_served", message, {"default": repr(default)})
        return value

    return AfterValidator(check)


BRUSHNET = "Sanster/brushnet_random_mask"
CONTROLNET = "lllyasviel/control_v11p_sd15_canny"

Off = Annotated[bool, _only(False)]


class Unserved(BaseModel):
    """Outpainting, LCM-LoRA, ControlNet, BrushNet, PowerPaint v2, Paint by Example, InstructPix2Pix."""

    use_extender: Off = False
    extender_x: Annotated[int, _only(0)] = 0
    extender_y: Annotated[int, _only(0)] = 0
    extender_height: Annotated[int, _only(640)] = 640
    extender_width: Annotated[int, _only(640)] = 640
    sd_outpainting_softness: Annotated[float, _only(20.0)] = 20.0
    sd_outpainting_space: Annotated[float, _only(20.0)] = 20.0
    sd_lcm_lora: Off = False
    paint_by_example_example_image: Annotated[str, _only("")] | None = None
    p2p_image_guidance_scale: Annotated[float, _only(1.5)] = 1.5
    enable_controlnet: Off = False
    controlnet_conditioning_scale: Annotated[float, _only(0.4)] = 0.4
    controlnet_method: Annotated[str, _only(CONTROLNET)] = CONTROLNET
    enable_brushnet: Off = False
    brushnet_method: Annotated[str, _only(BRUSHNET)] = BRUSHNET
    brushnet_conditioning_scale: Annotated[float, _only(1.0)] = 1.0
    enable_powerpaint_v2: Off = False
    fitting_degree: Annotated[float, _only(1.0)] = 1.0
