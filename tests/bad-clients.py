# SPDX-License-Identifier: MIT
# bad-clients KIND PORT N [PATH]: clients that a server must survive.
#
#   slowloris   N heads without an end: each must be closed by the server within 5 s
#   trickle     a byte every 50 ms, N times: the head, then a body; closed by the server all the same
#   deaf        N readers that ask for PATH and never read, until they are killed
#   storm       N connections, of which a half leaves at once, and a half says nothing for a moment
#   errands     N of all kinds, with the token for PATH: readers that leave, that are reset, POSTs, refusals, cut heads
#   follow      an EventSource on PATH: prints the data of each event, comes back after N * 10 ms with the last id, ends with 204
#   connects    for N seconds, forty at a time: connect, ask /healthz haltingly, leave; every one must be answered
import random
import resource
import socket
import struct
import sys
import threading
import time

kind, port, n = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_NOFILE, (min(20000, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)


def connect():
    return socket.create_connection(("127.0.0.1", port), 10)


def slowloris():
    ours = [connect() for _ in range(n)]
    for i, s in enumerate(ours):
        if i % 2:
            s.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
    until = time.time() + 5
    for i, s in enumerate(ours):
        s.settimeout(max(0.1, until - time.time()))
        got = s.recv(100)
        assert got.startswith(b"HTTP/1.1 408 ") if i % 2 else got == b"", (i, got)


def trickle():
    for start in (b"GET / HTTP/1.1\r\nX: ", b"PO"):
        s = connect()
        s.sendall(start)
        s.settimeout(0.05)
        until = time.time() + n
        while time.time() < until:
            try:
                if s.recv(100):
                    break
            except TimeoutError:
                s.sendall(b"x")
        else:
            sys.exit("it waits for ever")


def deaf():
    request = f"GET {sys.argv[4]} HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n".encode()
    ours = []
    for _ in range(n):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.settimeout(5)
        s.connect(("127.0.0.1", port))
        s.sendall(request)
        ours.append(s)
    time.sleep(60)


def storm():
    ours = []
    for i in range(n):
        s = connect()
        if i % 2:
            s.close()
        else:
            ours.append(s)
    time.sleep(0.2)


def connects():
    until, served, failures = time.time() + n, [], []
    halves = b"GET /healthz HTTP/1.1\r\nHo", b"st: a\r\nConnection: close\r\n\r\n"

    def client():
        while time.time() < until and not failures:
            got = b""
            try:
                with connect() as s:
                    for half in halves:
                        time.sleep(random.uniform(0, 0.02))
                        s.sendall(half)
                    while data := s.recv(4096):
                        got += data
                served.append(got)
                assert got.startswith(b"HTTP/1.1 200 ") and got.endswith(b"ok\n")
            except (OSError, AssertionError) as error:
                failures.append((error, got))

    clients = [threading.Thread(target=client) for _ in range(40)]
    for c in clients:
        c.start()
    for c in clients:
        c.join()
    print(len(served), "served")
    if failures:
        sys.exit(f"not all were: {failures}")


def follow():
    last, over = "", False
    while not over:
        s = connect()
        s.settimeout(30)
        back = f"Last-Event-ID: {last}\r\n" if last else ""
        s.sendall(f"GET {sys.argv[4]} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAccept: text/event-stream\r\n{back}\r\n".encode())
        got = b""
        while data := s.recv(65536):
            got += data
            head, _, body = got.partition(b"\r\n\r\n")
            *events, rest = body.split(b"\n\n")
            for event in events:
                for line in event.decode().split("\n"):
                    if line.startswith("data: "):
                        print(line[6:], flush=True)
                    if line.startswith("id: "):
                        last = line[4:]
            got = head + b"\r\n\r\n" + rest
        over = got.startswith(b"HTTP/1.1 204 ")
        assert over or got.startswith(b"HTTP/1.1 200 "), got
        s.close()
        time.sleep(n / 100)


def errands():
    path, token = sys.argv[4:6]
    bearer = f"Host: a\r\nAuthorization: Bearer {token}\r\n"
    kinds = [f"GET {path}?since=now HTTP/1.1\r\n{bearer}\r\n", f"GET {path}?since=now HTTP/1.1\r\n{bearer}\r\n",
             f"GET {path} HTTP/1.1\r\n{bearer}Connection: close\r\n\r\n",
             f"POST {path} HTTP/1.1\r\n{bearer}Content-Length: 12\r\n\r\n" + '{"type":"a"}',
             f"POST {path} HTTP/1.1\r\n{bearer}Content-Length: 12\r\n\r\n" + '{"type":',
             f"POST {path}stop HTTP/1.1\r\n{bearer}Content-Length: 0\r\n\r\n", f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n",
             f"POST {path} HTTP/1.1\r\n{bearer}Content-Length: 1\r\n\r\nx", "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n\r\nx",
             "GET / HTTP/1.1\r\nHost", "", "GET /api/v1/projects/x/state HTTP/1.1\r\nHost: a\r\n\r\n"]
    for i in range(n):
        kind = i % len(kinds)
        s = connect()
        s.settimeout(10)
        s.sendall(kinds[kind].encode())
        if kind not in (4, 10, 11):
            assert s.recv(65536), kinds[kind]
        if kind == 1 or i % 7 == 0:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()


{"errands": errands, "follow": follow, "slowloris": slowloris, "trickle": trickle, "deaf": deaf, "storm": storm, "connects": connects}[kind]()
