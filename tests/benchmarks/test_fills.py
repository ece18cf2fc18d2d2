"""What the benchmark of fills counts."""

from benchmarks import fills
from benchmarks.pictures import Workload, photo_like, speech_bubbles
from models import registry


def test_text_on_paper_and_in_bubbles_costs_the_model_nothing_and_on_a_photo_what_it_did() -> None:
    # Given
    lama = registry.facts("lama")
    page, strip = Workload("page", 400, 300, 4), Workload("comic", 800, 1000, 4, speech_bubbles)
    grounds = (
        (page, fills.paper),
        (strip, fills.comic),
        (page, lambda workload: photo_like(workload.width, workload.height)),
    )
    # When
    paper, _, comic, _, photo, _ = results = list(fills.measure(lama, grounds))
    # Then
    assert [(one.fitted, one.windows[1], one.pixels[1]) for one in (paper, comic)] == [(4, 0, 0)] * 2
    assert photo.fitted < 4
    assert 0 < photo.windows[1] <= photo.windows[0]
    assert "| page | boxes | 4 of 4 |" in fills.report(results, lama).markdown()
