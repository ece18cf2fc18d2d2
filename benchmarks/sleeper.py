"""A model that only sleeps, so that what is left is the service's own time. Served through `loader` in a config."""

import os
import time
from dataclasses import dataclass

from models.base import LoadOptions, ModelFacts
from models.types import Images, InpaintParameters, Masks, StepCallback


@dataclass(frozen=True, slots=True)
class Sleeper:
    """Gives the images back as they are, `seconds` later."""

    seconds: float

    def inpaint(
        self, images: Images, masks: Masks, parameters: InpaintParameters, on_step: StepCallback | None = None
    ) -> Images:
        if self.seconds:
            time.sleep(self.seconds)
        return images


def load(facts: ModelFacts, options: LoadOptions) -> Sleeper:
    """SLEEPER_SECONDS says how long; 0 is a model that does nothing."""
    return Sleeper(float(os.environ.get("SLEEPER_SECONDS", "0")))
