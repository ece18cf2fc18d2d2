"""Clients as they are in the field, over real HTTP: what the server's own parser makes of them."""

import gzip
import io
import json
import shutil
import socket
import subprocess
import uuid
from pathlib import Path

import httpx
import numpy as np
import pytest
import websockets
from PIL import Image, PngImagePlugin
from websockets.typing import Subprotocol

from tests.pictures import base64_of, encoded, photo
from tests.service import Service

pytestmark = [pytest.mark.serve, pytest.mark.timeout(180)]

REGION = {"x": 100, "y": 80, "width": 60, "height": 30}
PATH = "/api/v1/inpaint-regions"
H2C = {
    "Connection": "Upgrade, HTTP2-Settings",
    "Upgrade": "h2c",
    "HTTP2-Settings": "AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
}
"""What Java's HttpClient and `curl --http2` send with a first request."""

FORM = "multipart/form-data; boundary=cut"


def json_body() -> bytes:
    return json.dumps({"image": base64_of(encoded(photo())), "regions": [REGION], "model": "cv2"}).encode()


def form_body() -> bytes:
    parts = {"image": encoded(photo()), "regions": json.dumps([REGION]).encode(), "model": b"cv2"}
    return (
        b"".join(
            b'--cut\r\nContent-Disposition: form-data; name="' + name.encode() + b'"\r\n\r\n' + content + b"\r\n"
            for name, content in parts.items()
        )
        + b"--cut--\r\n"
    )


def chunked(body: bytes) -> bytes:
    pieces = [body[i : i + 5000] for i in range(0, len(body), 5000)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def exchange(
    service: Service, headers: dict[str, str], payload: bytes, method: str = "POST", path: str = PATH
) -> bytes:
    """One request on a connection of its own, sent whole before the answer is read to its end."""
    address = httpx.URL(service.url)
    head = {"Host": "service.test", "Connection": "close"} | headers
    request = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in head.items())
    with socket.create_connection((address.host, address.port), timeout=60) as connection:
        connection.sendall(request.encode() + b"\r\n" + payload)
        answer = b""
        while chunk := connection.recv(2**16):
            answer += chunk
            if "Upgrade" in headers and b"\r\n\r\n" in answer:
                break
        return answer


@pytest.mark.parametrize("framing", ["content-length", "chunked"])
@pytest.mark.parametrize(("content_type", "body"), [("application/json", json_body()), (FORM, form_body())])
def test_a_body_arrives_although_an_upgrade_is_offered(
    service: Service, content_type: str, body: bytes, framing: str
) -> None:
    length = {"Content-Length": str(len(body))} if framing == "content-length" else {"Transfer-Encoding": "chunked"}

    answer = exchange(
        service,
        H2C | length | {"Content-Type": content_type},
        body if framing == "content-length" else chunked(body),
    )

    assert answer.startswith(b"HTTP/1.1 200 "), answer[:500]
    assert b"content-type: image/png" in answer.lower()


JAVA = """
import java.net.URI;
import java.net.http.*;
import java.nio.file.*;

public class Client {
    public static void main(String[] arguments) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(arguments[0]))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofFile(Path.of(arguments[1]))).build();
        var answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofByteArray());
        System.out.println(answer.statusCode() + " " + answer.headers().firstValue("Content-Type").orElse(""));
    }
}
"""


@pytest.mark.skipif(shutil.which("java") is None, reason="no Java here; CI has one")
def test_javas_own_client_is_served(service: Service, tmp_path: Path) -> None:
    source, body = tmp_path / "Client.java", tmp_path / "body.json"
    source.write_text(JAVA)
    body.write_bytes(json_body())

    done = subprocess.run(
        ["java", "-Xmx256m", str(source), service.url + PATH, str(body)], capture_output=True, text=True, timeout=120
    )

    assert done.stdout.strip() == "200 image/png", done.stdout + done.stderr


def test_a_client_that_sends_far_too_much_sees_why_it_is_refused(service: Service) -> None:
    body = b'{"image": "' + b"A" * 120_000_000 + b'"}'

    answer = exchange(service, {"Content-Type": "application/json", "Content-Length": str(len(body))}, body)

    assert answer.startswith(b"HTTP/1.1 413 "), answer[:500]
    assert b'"too_large"' in answer


def test_a_compressed_body_is_served(service: Service) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}

    with service.client() as client:
        answer = client.post(PATH, content=gzip.compress(json_body()), headers=headers)

    assert answer.status_code == 200, answer.text


def test_a_form_of_odd_parts_is_served(service: Service) -> None:
    odd = form_body().replace(
        b"--cut\r\n", b'--cut\r\nContent-Disposition: form-data; name="x"\r\n\r\n\xff\r\n--cut\r\n', 1
    )

    with service.client() as client:
        answer = client.post(PATH, content=odd, headers={"Content-Type": FORM})

    assert answer.status_code == 200, answer.text


def test_head_and_a_trailing_slash_are_served(service: Service) -> None:
    with service.client() as client:
        headed = client.head("/api/v1/health")
        slashed = client.get("/api/v1/health/")
        got = client.get("/api/v1/health")

    assert (headed.status_code, headed.content) == (200, b"")
    assert headed.headers["content-type"] == got.headers["content-type"]
    assert (slashed.status_code, slashed.history) == (200, [])


def test_links_follow_a_proxy_that_strips_a_prefix(service: Service) -> None:
    proxy = {"X-Forwarded-Prefix": "/erase", "X-Forwarded-Host": "pictures.test", "X-Forwarded-Proto": "https"}

    with service.client() as client:
        answer = client.post(
            "/api/v1/inpaint-regions-async", content=json_body(), headers=proxy | {"Content-Type": "application/json"}
        ).json()

    assert answer["websocket_url"] == f"wss://pictures.test/erase/ws/progress/{answer['task_id']}"
    assert answer["status_url"] == f"/erase/api/v1/task-status/{answer['task_id']}"


async def test_a_socket_may_come_before_the_task_and_offer_a_subprotocol(service: Service) -> None:
    task_id = f"early-{uuid.uuid4().hex}"
    address = f"{service.ws_url}/ws/progress/{task_id}/"

    async with websockets.connect(address, proxy=None, subprotocols=[Subprotocol("text-removal")]) as socket:
        established = json.loads(await socket.recv())
        body = json.loads(json_body()) | {"task_id": task_id}
        async with httpx.AsyncClient(base_url=service.url, timeout=60, trust_env=False) as client:
            answer = await client.post("/api/v1/inpaint-regions-async", json=body)
        kinds = [established["type"]]
        while kinds[-1] not in ("task_completed", "task_failed"):
            kinds.append(json.loads(await socket.recv())["type"])

    assert answer.status_code == 202, answer.text
    assert socket.subprotocol == "text-removal"
    assert kinds[0] == "connection_established"
    assert kinds[-1] == "task_completed"


def erase(client: httpx.Client, image: bytes, **more: object) -> httpx.Response:
    return client.post(PATH, json={"image": base64_of(image), "regions": [REGION], "model": "cv2"} | more)


def test_a_mask_in_the_alpha_channel_marks_what_it_shows(service: Service) -> None:
    pixels = photo()
    layer = np.full((240, 320, 4), 255, np.uint8)
    layer[..., 3] = 0
    layer[80:110, 100:160, 3] = 255
    body = {"image": base64_of(encoded(pixels)), "mask": base64_of(encoded(layer)), "model": "cv2"}

    with service.client() as client:
        painted = client.post("/api/v1/inpaint", json=body)
        full = client.post("/api/v1/inpaint", json=body | {"mask": base64_of(encoded(np.full_like(pixels, 255)))})

    assert painted.headers["x-total-area"] == "1800"
    assert (full.status_code, full.json()["error"]) == (422, "invalid_mask")


def test_what_a_picture_says_of_itself_comes_back(service: Service) -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("parameters", "a cat, steps: 20")
    png = encoded(photo(), "PNG", pnginfo=notes)
    jpeg = encoded(photo(), "JPEG", quality=70, comment=b"by me", dpi=(300, 300))

    with service.client() as client:
        as_png = Image.open(io.BytesIO(erase(client, png).content))
        as_jpeg = Image.open(io.BytesIO(erase(client, jpeg, output_format="same").content))

    assert as_png.info["parameters"] == "a cat, steps: 20"
    assert (as_jpeg.format, as_jpeg.info["comment"], as_jpeg.info["dpi"]) == ("JPEG", b"by me", (300, 300))


@pytest.mark.parametrize(("format", "pages"), [("AVIF", None), ("GIF", "2"), ("TIFF", "2"), ("WEBP", "2")])
def test_formats_and_pages_of_today_are_read(service: Service, format: str, pages: str | None) -> None:
    frames = {} if pages is None else {"save_all": True, "append_images": [Image.fromarray(photo(seed=5))]}
    image = encoded(photo(), format, **frames)

    with service.client() as client:
        answer = erase(client, image, page=0 if pages is None else 1, output_format="avif")

    assert answer.status_code == 200, answer.text
    assert answer.headers.get("x-pages") == pages
    assert Image.open(io.BytesIO(answer.content)).format == "AVIF"


def test_a_result_compressed_as_its_input_does_not_swell(service: Service) -> None:
    image = encoded(photo(), "JPEG", quality=60)

    with service.client() as client:
        answer = erase(client, image, output_format="same")

    assert answer.headers["content-disposition"] == 'inline; filename="erased.jpg"'
    assert len(answer.content) < 1.3 * len(image)


def test_regions_of_other_tools_are_understood_and_bad_ones_left_out_on_demand(service: Service) -> None:
    quad = [[100, 80], [160, 80], [160, 110], [100, 110]]
    regions = [[quad, ["TEXT", 0.98]], {"bbox": [100, 80, 60, 30]}, [900, 900, 950, 950]]

    with service.client() as client:
        refused = erase(client, encoded(photo()), regions=regions)
        skipped = erase(client, encoded(photo()), regions=regions, on_bad_region="skip")
        nothing = erase(client, encoded(photo()), regions=regions[2:], on_bad_region="skip")

    assert (refused.status_code, refused.json()["details"]["index"]) == (422, 2)
    assert (skipped.status_code, skipped.headers["x-regions-count"]) == (200, "2")
    assert (nothing.status_code, nothing.headers["x-model"], nothing.content) == (200, "none", encoded(photo()))


def test_a_client_of_lama_cleaner_is_served(service: Service) -> None:
    mask = np.zeros((240, 320), np.uint8)
    mask[80:110, 100:160] = 255
    files = {"image": ("a.jpg", encoded(photo(), "JPEG")), "mask": ("a_mask.png", encoded(mask))}
    fields = {"ldmSteps": "25", "hdStrategy": "Crop", "hdStrategyCropTrigerSize": "800", "sizeLimit": "320"}

    with service.client() as client:
        answer = client.post("/inpaint", files=files, data=fields)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")


async def test_a_backend_relays_many_tasks_over_one_socket(service: Service) -> None:
    """As the backend of the service this one replaces does it: health first, one socket, each task in its turn."""
    async with httpx.AsyncClient(base_url=service.url, timeout=60, trust_env=False) as client:
        assert (await client.get("/api/v1/health")).json()["status"] == "healthy"
        async with websockets.connect(f"{service.ws_url}/ws/progress", proxy=None) as socket:
            assert json.loads(await socket.recv())["type"] == "connection_established"
            for _ in range(3):
                task_id = f"relay-{uuid.uuid4().hex}"
                await socket.send(json.dumps({"type": "subscribe_task", "task_id": task_id}))
                accepted = await client.post(
                    "/api/v1/inpaint-regions-async", json=json.loads(json_body()) | {"task_id": task_id}
                )
                heard = [json.loads(await socket.recv())]
                while heard[-1]["type"] != "task_completed":
                    heard.append(json.loads(await socket.recv()))
                result = await client.get(heard[-1]["result"]["processed_image_path"])

                assert accepted.json()["status"] == "pending"
                assert heard[0]["type"] == "task_subscribed"
                assert {message["task_id"] for message in heard} == {task_id}
                assert (result.status_code, result.headers["content-type"]) == (200, "image/png")
