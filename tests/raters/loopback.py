"""A small OpenAI-compatible server on a loopback port that misbehaves on demand, and a rater that asks it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from python_assets.raters.chat import Answer, ChatRequest, open_chat_model
from python_assets.study import Rater

REQUESTS = [ChatRequest("rate", "You are Ann.", f"Rate item {number}.", number) for number in range(6)]
Reply = tuple[int, Any]


def completion(text: str | None, *, finish: str = "stop", top: dict[str, float] | None = None) -> dict[str, Any]:
    entries = [{"token": token, "logprob": value, "bytes": None} for token, value in (top or {}).items()]
    logprobs = {"content": [{"token": "x", "logprob": 0, "bytes": None, "top_logprobs": entries}]} if top else None
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "finish_reason": finish, "message": message, "logprobs": logprobs}
    usage = {"prompt_tokens": 25, "completion_tokens": 1, "total_tokens": 26}
    return {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}


@contextmanager
def server(reply: Callable[[dict[str, Any]], Reply]) -> Iterator[str]:
    """A server that answers each request body with a status and a JSON object, or raw bytes as HTML."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, content = reply(body)
            raw = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html" if raw[:1] == b"<" else "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 64

    http = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_port}/v1"
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def rater(url: str, *, options: dict[str, Any] | None = None, **more: Any) -> Rater:
    return Rater(backend="openai", model="m", base_url=url, options={"max_retries": 1, **(options or {})}, **more)


def ask(settings: Rater, requests: list[ChatRequest] = REQUESTS) -> list[Answer]:
    model = open_chat_model(settings)
    try:
        return [answer for part in model.rate(requests, settings) for answer in part]
    finally:
        model.close()
