# SPDX-License-Identifier: MIT
# readers PORT PATH N: N readers of one stream that ends; each must be whole: connected, each seq once and in order,
# done, stream_end.
import json
import resource
import selectors
import socket
import sys

port, path, n = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_NOFILE, (min(20000, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
selector = selectors.DefaultSelector()
got = {}
for i in range(n):
    s = socket.create_connection(("127.0.0.1", port))
    s.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n".encode())
    s.setblocking(False)
    got[s] = []
    selector.register(s, selectors.EVENT_READ)
whole, bad = 0, 0
while selector.get_map():
    ready = selector.select(20)
    if not ready:
        sys.exit(f"{len(selector.get_map())} readers got no end")
    for key, _ in ready:
        s = key.fileobj
        data = s.recv(1 << 16)
        if data:
            got[s].append(data)
            continue
        selector.unregister(s)
        s.close()
        lines = b"".join(got.pop(s)).split(b"\n")
        events = [json.loads(line[6:]) for line in lines if line.startswith(b"data: ")]
        types = [e["type"] for e in events]
        seqs = [e["sp"]["seq"] for e in events if "sp" in e]
        if types[:1] == ["connected"] and types[-2:] == ["done", "stream_end"] and seqs == list(range(len(seqs))) and seqs:
            whole += 1
        else:
            bad += 1
print(f"{whole} whole, {bad} not")
sys.exit(bad > 0)
