"""Fixtures shared by all tests. The real service takes 20 s to start, so there is one for the whole session."""

from collections.abc import Iterator

import pytest

from tests.service import Service, running

SERVE_CONFIG = """
applications:
  - name: text-removal
    route_prefix: /
    import_path: deployments.app:build
    args:
      model: lama
      fallback_model: cv2
      models:
        - name: lama
        - name: cv2
      gateway:
        num_replicas: 2
"""


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The whole application on real Ray: a slow stand-in for lama, cv2, two gateways."""
    from tests.slow_lama import make_slow_lama

    folder = tmp_path_factory.mktemp("service")
    _, md5 = make_slow_lama(folder / "torch" / "hub" / "checkpoints")
    config = folder / "serve_config.yaml"
    config.write_text(SERVE_CONFIG)
    with running(folder, config=config, TORCH_HOME=str(folder / "torch"), LAMA_MODEL_MD5=md5) as service:
        service.wait_until_ready("lama", "cv2")
        yield service
