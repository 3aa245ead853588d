# SPDX-License-Identifier: MIT
# slow-reader KIND PORT PATH …: readers whose pace the tests set. Reads an event stream, small socket buffer first.
#
#   pause FILE      reads nothing after the first event until FILE exists, then all to the end, to standard output
#   sip BYTES MS    takes BYTES every MS, to standard output, to the end
#   delays SECONDS  for SECONDS: of each message {"sent": NS} how late it came; prints n, p50, p99 and max in µs
import json
import os
import socket
import sys
import time

kind, port, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]


def connect():
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    s.connect(("127.0.0.1", port))
    s.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n".encode())
    got = b""
    while b'"connected"' not in got or not got.endswith(b"\n\n"):
        got += s.recv(1)
    return s, got.split(b"\r\n\r\n", 1)[1]


def write(data):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def to_the_end(s, size=1 << 16, pause_s=0.0):
    while True:
        try:
            data = s.recv(size)
        except ConnectionResetError:
            return
        if not data:
            return
        write(data)
        time.sleep(pause_s)


def delays(s, seconds):
    late, rest = [], b""
    s.settimeout(0.5)
    until = time.time() + seconds
    while time.time() < until:
        try:
            rest += s.recv(1 << 16)
        except TimeoutError:
            continue
        now = time.time_ns()
        *lines, rest = rest.split(b"\n")
        for line in lines:
            if line.startswith(b"data: ") and b'"sent"' in line:
                late.append((now - json.loads(line[6:])["sent"]) // 1000)
    late.sort()
    n = len(late)
    print(n, *(late[min(n - 1, int(n * q))] if n else -1 for q in (0.5, 0.99, 1)))


s, first = connect()
if kind == "pause":
    write(first)
    while not os.path.exists(sys.argv[4]):
        time.sleep(0.01)
    to_the_end(s)
elif kind == "sip":
    write(first)
    to_the_end(s, int(sys.argv[4]), int(sys.argv[5]) / 1000)
else:
    delays(s, float(sys.argv[4]))
