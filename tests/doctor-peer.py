#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""doctor-peer: an event stream that also takes POST, as a server behind a proxy would.

    doctor-peer.py PORT prompt|lazy

What is posted comes as an event to all readers; `lazy` keeps it back after `connected`."""
import http.server
import queue
import sys

readers = []


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        mine = queue.Queue()
        readers.append(mine)
        self.send_response(200)
        for name, value in (("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache, no-transform"),
                            ("X-Accel-Buffering", "no"), ("Connection", "close")):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b'data: {"type":"connected"}\n\n')
        try:
            while True:
                self.wfile.write(b"data: " + mine.get() + b"\n\n")
        except OSError:
            pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if sys.argv[2] == "prompt":
            for reader in readers:
                reader.put(body)
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
server.daemon_threads = True
server.serve_forever()
