"""The client in TypeScript on the real service, which is killed in the middle and started again."""

import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from tests.clients.conftest import typescript as typescript
from tests.pictures import decoded, encoded, grid_of_regions, outside, photo
from tests.relay import Relay
from tests.service import Service
from tests.test_serve_recovery import Home

pytestmark = [pytest.mark.serve, pytest.mark.timeout(900)]

FOLLOW = """
import { readFile, writeFile } from "node:fs/promises";
import { Client } from "text-removal-client";

const [url, picture, regions, to, ...ways] = process.argv.slice(2);
const client = new Client({ url, retries: 20 });
const task = await client.submit(await readFile(picture), { regions: JSON.parse(regions), progress_interval: 0 });
const seqs = [];
for await (const event of task.events({ ways })) {
  seqs.push(event.seq);
  console.log(JSON.stringify({ type: event.type, percent: event.overall_progress ?? 0, seqs }));
}
const { blob } = await task.result();
await writeFile(to, blob.stream());
"""


@pytest.fixture
def relay() -> Iterator[Relay]:
    relay = Relay()
    yield relay
    relay.close()


def kill(service: Service) -> None:
    for process in service.processes(""):
        with contextlib.suppress(Exception):
            process.kill()
    service.process.kill()
    service.process.wait(30)


def test_a_task_is_followed_through_the_death_and_the_restart_of_the_service(
    typescript: Path, relay: Relay, tmp_path: Path
) -> None:
    # Given: a follower by WebSocket and one by server-sent events
    pixels, regions = photo(2800, 2800), grid_of_regions(13, 13)
    (tmp_path / "picture.png").write_bytes(encoded(pixels))
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules/text-removal-client").symlink_to(typescript)
    (tmp_path / "follow.mjs").write_text(FOLLOW)
    command = ["node", "--experimental-websocket", "follow.mjs", relay.url, "picture.png", json.dumps(regions)]
    home = Home(tmp_path)
    with contextlib.ExitStack() as followers:
        with home.running() as service:
            service.wait_until_ready("lama", "cv2")
            relay.target = urlsplit(service.url).port or 0
            running = [
                followers.enter_context(
                    subprocess.Popen([*command, f"{way}.png", way], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
                )
                for way in ("websocket", "sse")
            ]
            for follower in running:
                assert follower.stdout is not None
                assert any(json.loads(line)["percent"] > 0 for line in follower.stdout)
            # When
            relay.target = 0
            kill(service)
        with home.running() as again:
            relay.target = urlsplit(again.url).port or 0
            told = [
                [json.loads(line) for line in follower.communicate(timeout=300)[0].splitlines()] for follower in running
            ]
    # Then: each heard the one end, nothing twice, and has the picture
    keep = outside(pixels.shape, regions)
    for follower, events, way in zip(running, told, ("websocket", "sse"), strict=True):
        assert follower.returncode == 0
        assert [event["type"] for event in events if event["type"] != "progress_update"] == ["task_completed"]
        seqs = events[-1]["seqs"]
        assert seqs == sorted(set(seqs))
        result = decoded((tmp_path / f"{way}.png").read_bytes())
        assert np.array_equal(result[keep], pixels[keep])
        assert (result[~keep] != pixels[~keep]).any()
