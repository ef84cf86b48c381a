"""A hub on 127.0.0.1: creates repositories and takes commits, remembers what it was told."""

from __future__ import annotations

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


class Hub:
    """A stand-in for the hub. ``files`` are the committed ones, ``tokens`` what was shown."""

    def __init__(self, refuse: str | None = None) -> None:
        self.files: dict[str, bytes] = {}
        self.created: list[dict[str, Any]] = []
        self.tokens: set[str | None] = set()
        self._refuse = refuse
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer({"id": "me/sample", "sha": "0" * 40, "siblings": []})

            def do_POST(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(size) if size else self._chunks()
                hub.tokens.add(self.headers.get("Authorization"))
                if hub._refuse is not None:
                    self._answer({"error": hub._refuse}, 403)
                else:
                    self._answer(hub._take(self.path, body))

            def _chunks(self) -> bytes:
                got = b""
                if self.headers.get("Transfer-Encoding") != "chunked":
                    return got
                while length := int(self.rfile.readline(), 16):
                    got += self.rfile.read(length)
                    self.rfile.readline()
                self.rfile.readline()
                return got

            def _answer(self, body: Any, status: int = 200) -> None:
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def _take(self, path: str, body: bytes) -> Any:
        if path.endswith("/api/repos/create"):
            self.created.append(json.loads(body))
            return {"url": f"{self.url}/datasets/me/sample"}
        if "/preupload/" in path:
            files = json.loads(body)["files"]
            known = {"uploadMode": "regular", "shouldIgnore": False, "oid": None}
            return {"files": [{"path": f["path"], **known} for f in files]}
        if "/commit/" in path:
            for line in body.splitlines():
                told = json.loads(line)
                if told["key"] == "file":
                    content = base64.b64decode(told["value"]["content"])
                    self.files[told["value"]["path"]] = content
            oid = {
                "commitOid": "1" * 40,
                "commitUrl": f"{self.url}/datasets/me/sample/commit/1",
            }
            return {**oid, "pullRequestUrl": None}
        return {}

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
