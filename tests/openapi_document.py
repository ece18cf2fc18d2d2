"""Write the service's OpenAPI document into a file: `python -m tests.openapi_document FILE`."""

import json
import sys
from pathlib import Path

from deployments.api.app import create_api
from tests.deployments.api.conftest import SETTINGS
from tests.deployments.fakes import FakeBackend

if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(create_api(FakeBackend(), SETTINGS).openapi(), indent=1))
