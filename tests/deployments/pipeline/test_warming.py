"""What a replica has done before its first request."""

from deployments.pipeline.warming import warm_up
from models.masking import stroke_network


def test_warming_up_reads_the_weights_that_the_first_request_would_wait_for() -> None:
    stroke_network._session.cache_clear()

    warm_up()

    assert stroke_network._session.cache_info().currsize == 1
