"""What is done to every request and WebSocket before a route sees it. Plain ASGI: nothing here buffers a body."""
