#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""deaf-proxy.py SERVER PROXY: hands bytes on between Unix sockets, until the file ./deaf is there: from then on
what the server answers to a connection that ever sent BLPOP is swallowed, and so are new ones of that kind."""
import os, socket, sys, threading

server, proxy = sys.argv[1:]


def hand_on(source, sink, listens, watch):
    try:
        while data := source.recv(65536):
            if watch and b'BLPOP' in data:
                listens.set()
            if not watch and listens.is_set() and os.path.exists('deaf'):
                continue
            sink.sendall(data)
    except OSError:
        pass
    for s in (source, sink):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


listener = socket.socket(socket.AF_UNIX)
listener.bind(proxy)
listener.listen()
print('ready', flush=True)
while True:
    client = listener.accept()[0]
    upstream = socket.socket(socket.AF_UNIX)
    upstream.connect(server)
    listens = threading.Event()
    threading.Thread(target=hand_on, args=(client, upstream, listens, True), daemon=True).start()
    threading.Thread(target=hand_on, args=(upstream, client, listens, False), daemon=True).start()
