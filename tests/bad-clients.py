# SPDX-License-Identifier: MIT
# bad-clients KIND PORT N [PATH]: clients that a server must survive.
#
#   slowloris   N heads without an end: each must be closed by the server within 5 s
#   trickle     a byte every 50 ms, N times: the head, then a body; closed by the server all the same
#   deaf        N readers that ask for PATH and never read, until they are killed
#   storm       N connections, of which a half leaves at once, and a half says nothing for a moment
#   connects    for N seconds: connect, ask /healthz, leave; every one must be answered
import resource
import socket
import sys
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
    until, served = time.time() + n, 0
    while time.time() < until:
        with connect() as s:
            s.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            got = b""
            while data := s.recv(4096):
                got += data
            assert got.startswith(b"HTTP/1.1 200 ") and got.endswith(b"ok\n"), (served, got)
            served += 1
    print(served, "served")


{"slowloris": slowloris, "trickle": trickle, "deaf": deaf, "storm": storm, "connects": connects}[kind]()
