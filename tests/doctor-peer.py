#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""doctor-peer: an event stream that also takes POST, as a server behind a proxy would.

    doctor-peer.py PORT HOW

What is posted comes as an event to all readers. HOW spoils it:
    prompt      not at all            lazy        keeps back what comes after `connected`
    html        no event stream       gzip        compresses when that is offered
    forgetful   Last-Event-ID is the same to it as none
    closes      after two seconds     resets      after two seconds, without an orderly end
    once        tells another, interim answer first"""
import gzip
import http.server
import queue
import socket
import struct
import sys

readers = []
how = sys.argv[2]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        mine = queue.Queue()
        readers.append(mine)
        if how == "once":
            self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
        self.send_response(200)
        compress = how == "gzip" and "gzip" in self.headers.get("Accept-Encoding", "")
        for name, value in (("Content-Type", "text/html" if how == "html" else "text/event-stream"),
                            ("Cache-Control", "no-cache, no-transform"), ("X-Accel-Buffering", "no"),
                            ("Content-Encoding", "gzip" if compress else "identity"), ("Connection", "close")):
            self.send_header(name, value)
        self.end_headers()
        starts_anew = how == "forgetful" or "Last-Event-ID" not in self.headers
        first = (b"id: 5-0\n" if starts_anew else b"") + b'data: {"type":"connected"}\n\n'
        self.wfile.write(gzip.compress(first) if compress else first)
        ends = how in ("closes", "resets")
        try:
            while True:
                self.wfile.write(b"data: " + mine.get(timeout=2 if ends else None) + b"\n\n")
        except (OSError, queue.Empty):
            pass
        if how == "resets":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if how != "lazy":
            for reader in readers:
                reader.put(body)
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
server.daemon_threads = True
server.serve_forever()
