"""A receiver of callbacks that checks their signatures: CALLBACK_SECRET=... PORT=8090 python callbacks.py"""

import os
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from text_removal import InvalidSignature, verify_callback


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            callback = verify_callback(os.environ["CALLBACK_SECRET"], dict(self.headers), body)
        except InvalidSignature:
            self.send_response(401)
        else:
            if callback.image is not None:  # one task may be told of more than once: the same file again
                Path(f"{Path(callback.task_id).name}.png").write_bytes(callback.image)
            self.send_response(204)
        self.end_headers()


if __name__ == "__main__":
    server = HTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8090"))), Receiver)
    print(f"listening on {server.server_port}", flush=True)
    server.serve_forever()
