"""One served model in the YAML file: what it is, where and how often it runs, at what precision and price."""

from dataclasses import replace
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from models import registry
from models.base import CostModel, ModelFacts, Precision
from models.types import MODEL_PARAMETERS

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class ReplicaScaling(Strict):
    """Replicas of one deployment. `min_replicas` 0 lets a rare model leave the machine when nobody asks for it."""

    min_replicas: int = Field(1, ge=0)
    max_replicas: int = Field(1, ge=1)
    target_ongoing_requests: float = Field(4, gt=0)
    upscale_delay_s: float = Field(5, ge=0)
    downscale_delay_s: float = Field(300, ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_replicas > self.max_replicas:
            raise ValueError("min_replicas is above max_replicas")
        return self


class Resources(Strict):
    """What Ray reserves for one replica. Fractions are bookkeeping: they bound how many replicas share a machine. lama
    keeps to a fraction of a GPU in its memory too."""

    num_cpus: float = Field(0.1, ge=0)
    num_gpus: float = Field(0, ge=0)
    memory_bytes: int | None = None

    @property
    def gpu_memory_fraction(self) -> float:
        """The share of one GPU's memory a replica may take: all of it if Ray gives it none or whole ones."""
        return self.num_gpus if 0 < self.num_gpus < 1 else 1.0


class OwnFacts(Strict):
    """What the service must know of a model of your own; models/base.py explains each fact. `parameters` None: any
    parameter may change its result, so only windows that agree in all of them share a batch."""

    pad_multiple: int = Field(1, ge=1)
    min_size: int = Field(1, ge=1)
    pad_to_square: bool = False
    batchable: bool = False
    mps: bool = True
    bf16: bool = False
    parameters: tuple[str, ...] | None = None

    @field_validator("parameters")
    @classmethod
    def _known(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if unknown := set(value or ()) - set(MODEL_PARAMETERS):
            raise ValueError(f"{', '.join(sorted(unknown))}: there are {', '.join(MODEL_PARAMETERS)}")
        return value

    def of(self, name: str, loader: str) -> ModelFacts:
        facts = self.model_dump() | {"parameters": MODEL_PARAMETERS if self.parameters is None else self.parameters}
        return ModelFacts(name, loader, **facts)


class Cost(Strict):
    """What a window costs on this device, as `python -m benchmarks cost` fits it: microseconds per pixel and
    milliseconds per call. The planner merges windows by their ratio."""

    pixel_us: float = Field(gt=0)
    call_ms: float = Field(ge=0)


class ModelConfig(Strict):
    """One served model.

    `max_batch_pixels` and `max_batch_items` bound one forward; `threads` is the number of torch threads of a CPU
    replica (0: all cores). `device` None follows IOPAINT_DEVICE. `loader` serves a model of your own under `name`:
    "module:function" of a `models.base.Loader` that the replicas can import; `facts` tells the planner about it.
    `cost` None: as measured for that model on a CPU. `precision` bf16 is for lama and anime-lama: faster on GPUs, and
    on CPUs with bf16 instructions, at the price of coarser rounding (benchmarks/gpu.py measures both). On a CUDA device
    lama finds out at its start how many pixels fit; `max_batch_pixels` stays the most. `sha256` has what the model's
    weights files must have, by their names: a file of another digest is not loaded.
    """

    name: str
    loader: str | None = Field(None, pattern=r"^[\w.]+:\w+$")
    facts: OwnFacts | None = None
    cost: Cost | None = None
    scaling: ReplicaScaling = ReplicaScaling()
    resources: Resources = Resources()
    device: str | None = None
    threads: int = Field(0, ge=0)
    precision: Precision = "fp32"
    max_batch_pixels: int = Field(4_194_304, ge=1)
    max_batch_items: int = Field(16, ge=1)
    sha256: dict[str, Sha256] = {}

    @model_validator(mode="after")
    def _facts_belong_to_a_loader(self) -> Self:
        if self.facts is not None and self.loader is None:
            raise ValueError("facts are for a model with a loader of its own")
        return self

    @property
    def model_facts(self) -> ModelFacts:
        """Raises: UnknownModel."""
        if self.loader is None:
            facts = registry.facts(self.name)
        else:
            facts = (self.facts or OwnFacts()).of(self.name, self.loader)
        if self.cost is None:
            return facts
        return replace(facts, cost=CostModel(self.cost.pixel_us * 1e-6, self.cost.call_ms * 1e-3))
