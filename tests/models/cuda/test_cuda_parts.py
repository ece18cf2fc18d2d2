"""Staging memory, batch sizes, the pixel budget and the policy of graphs: what runs without a device."""

import logging
from collections.abc import Sequence

import numpy as np
import pytest
import torch

from models.cuda import budget
from models.cuda.batches import repeat_last, rounded_up
from models.cuda.graphs import GraphLimits, Graphs, RecordingFailed
from models.cuda.staging import Shape, Staging, pack, packed_size, split
from models.errors import OutOfDeviceMemory

A, B, C = (1, 64, 64), (1, 64, 72), (2, 64, 64)


class Recorder:
    """Graphs are numbers. `broken` shapes cannot be recorded; each graph adds its pixels to what is held."""

    def __init__(self, limits: GraphLimits | None = None) -> None:
        self.recorded: list[Shape] = []
        self.dropped: list[int] = []
        self.broken: set[Shape] = set()
        self.held = 0
        self.graphs = Graphs(self.record, self.drop, lambda: self.held, limits or GraphLimits(after=2, max_graphs=2))

    def record(self, shape: Shape) -> int:
        if shape in self.broken:
            raise RecordingFailed("operation not permitted when stream is capturing")
        self.recorded.append(shape)
        self.held = max(self.held, int(np.prod(shape)))
        return len(self.recorded)

    def drop(self, graphs: Sequence[int]) -> None:
        self.dropped += graphs
        if not len(self.graphs):
            self.held = 0

    def ask(self, *shapes: Shape) -> list[int | None]:
        return [self.graphs.graph_for(shape) for shape in shapes]


def test_a_shape_is_recorded_when_it_has_come_often_enough_and_only_once() -> None:
    recorder = Recorder(GraphLimits(after=3))

    assert recorder.ask(A, B, A, A, A, B) == [None, None, None, 1, 1, None]
    assert recorder.recorded == [A]


def test_a_shape_can_be_recorded_beforehand() -> None:
    recorder = Recorder()

    assert recorder.graphs.prepare(A) == 1
    assert recorder.graphs.prepare(A) == 1
    assert recorder.ask(A) == [1]


def test_the_graph_used_longest_ago_makes_room() -> None:
    recorder = Recorder(GraphLimits(after=1, max_graphs=2))

    recorder.ask(A, B, A, C)

    assert recorder.dropped == [2]
    assert recorder.ask(A, C) == [1, 3]


def test_a_batch_that_keeps_the_device_busy_by_itself_is_never_recorded() -> None:
    recorder = Recorder(GraphLimits(after=1, max_pixels=64 * 64))

    assert recorder.ask(A, B, B) == [1, None, None]
    assert not recorder.graphs.worth(B)


def test_no_graphs_at_all_are_possible_too() -> None:
    recorder = Recorder(GraphLimits(after=1, max_graphs=0))

    assert recorder.ask(A, A) == [None, None]


def test_a_shape_that_cannot_be_recorded_runs_eagerly_for_ever_and_is_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    recorder = Recorder(GraphLimits(after=1))
    recorder.broken = {B}

    with caplog.at_level(logging.WARNING):
        assert recorder.ask(A, B, B, B) == [1, None, None, None]

    assert caplog.messages == ["no CUDA graph for 1 windows of 72x64: operation not permitted when stream is capturing"]
    assert recorder.dropped == [1]  # what the failure left in the shared memory is unknown
    assert recorder.ask(A) == [2]


def test_recording_is_given_up_if_nothing_can_be_recorded(caplog: pytest.LogCaptureFixture) -> None:
    recorder = Recorder(GraphLimits(after=1, max_failures=2))
    recorder.broken = {A, B}

    with caplog.at_level(logging.WARNING):
        assert recorder.ask(A, B, C, C) == [None, None, None, None]

    assert recorder.recorded == []
    assert caplog.messages[-1] == "CUDA graphs are off: 2 shapes in a row could not be recorded"


def test_graphs_that_outgrow_their_memory_all_go_and_one_too_large_by_itself_is_not_tried_again() -> None:
    recorder = Recorder(GraphLimits(after=1, max_bytes=64 * 64))

    assert recorder.ask(A, C) == [1, None]
    assert recorder.dropped == [1, 2]

    assert recorder.ask(C, C, A) == [None, None, 4]
    assert recorder.recorded == [A, C, C, A]


def test_graphs_go_before_the_libraries_could_forget_the_plans_they_use() -> None:
    recorder = Recorder(GraphLimits(after=1, max_shapes=3, max_pixels=64 * 64))

    recorder.ask(A, (1, 128, 128), (1, 128, 136))
    assert recorder.dropped == []
    recorder.ask((1, 128, 144))

    assert recorder.dropped == [1]
    assert recorder.ask(A) == [2]


def test_a_count_is_rounded_up_to_one_of_a_few_and_filled_with_the_last_item() -> None:
    assert [rounded_up(count) for count in (1, 2, 3, 5, 9, 17, 33)] == [1, 2, 4, 8, 16, 32, 33]

    three = np.arange(6, dtype=np.uint8).reshape(3, 2)
    assert repeat_last(three, 3) is three
    assert repeat_last(three, 5).tolist() == [[0, 1], [2, 3], [4, 5], [4, 5], [4, 5]]


def test_windows_go_through_staging_memory_unchanged() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (2, 8, 16, 3), np.uint8)
    masks = rng.integers(0, 256, (2, 8, 16), np.uint8)
    images.flags.writeable = masks.flags.writeable = False

    packed = pack(images, masks, Staging(pinned=False).room(packed_size((2, 8, 16))))
    pixels, holes = split(packed.clone(), (2, 8, 16))

    assert np.array_equal(pixels.numpy(), images)
    assert np.array_equal(holes.numpy(), masks)


def test_staging_memory_is_kept_and_grows() -> None:
    staging = Staging(pinned=False)

    first = staging.room(100)
    assert staging.room(60).data_ptr() == first.data_ptr()
    assert staging.room(1000).numel() == 1000
    assert staging.room(1024).data_ptr() == staging.room(1000).data_ptr()
    assert staging.room(10).dtype == torch.uint8


class Memory:
    """A device of `capacity` bytes where a forward takes `per_pixel` of them, and once more than it should."""

    def __init__(self, capacity: int, per_pixel: float = 1000.0, bump_at: int = 1 << 60) -> None:
        self.capacity, self.per_pixel, self.bump_at = capacity, per_pixel, bump_at
        self.tried: list[int] = []

    def peak_bytes(self, pixels: int) -> int:
        self.tried.append(pixels)
        taken = int(pixels * self.per_pixel) * (3 if pixels > self.bump_at else 1)
        if taken > self.capacity:
            raise OutOfDeviceMemory("full")
        return taken

    def find(self, most: int) -> int:
        return budget.find(self.peak_bytes, self.capacity // 2, most)


def test_the_budget_is_what_fits_by_the_measure_of_a_trial_and_is_tried_itself() -> None:
    memory = Memory(8_000_000_000)

    assert memory.find(100_000_000) == 4_000_000
    assert memory.tried == [budget.PROBE_PIXELS, 4_000_000]


def test_the_budget_is_never_above_what_was_asked_for() -> None:
    assert Memory(8_000_000_000).find(2_000_000) == 2_000_000
    assert Memory(8_000_000_000).find(5000) == 5000
    assert Memory(8_000_000_000).find(100) == 100


def test_the_budget_is_halved_until_it_really_fits() -> None:
    memory = Memory(8_000_000_000, bump_at=3_000_000)

    assert memory.find(100_000_000) == 2_000_000
    assert memory.tried[1:] == [4_000_000, 2_000_000]


def test_a_small_device_is_measured_with_a_smaller_trial() -> None:
    memory = Memory(400_000_000)

    assert 190_000 <= memory.find(100_000_000) <= 200_000
    assert memory.tried[-1] <= 400_000


def test_a_device_without_room_gets_the_least() -> None:
    assert Memory(1000).find(100_000_000) == budget.LEAST_PIXELS


@pytest.mark.parametrize("pixels", [1, 4096, 5000, 100_000, 262_144, 3_000_000])
def test_a_trial_batch_has_at_most_its_pixels_in_sizes_lama_takes(pixels: int) -> None:
    count, height, width = budget.shape_of(pixels)

    assert count * height * width <= max(pixels, 64 * 64)
    assert count * height * width > pixels / 4
    assert height == width
    assert height % 8 == 0
