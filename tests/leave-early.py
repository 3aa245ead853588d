#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""leave-early.py SOCKET PAGES SERVER REDIS TOKEN PATH: asks a server, without taking its answers, for so many pages
and one more, with a POST right behind it, while Redis (a pid) is stopped; then goes away, and has the server (a pid)
find that out and Redis' answer in one go."""
import os, signal, socket, sys, time

path, pages, server, redis, token, target = sys.argv[1], *map(int, sys.argv[2:5]), *sys.argv[5:]
page = b'GET / HTTP/1.1\r\nHost: here\r\n\r\n'
post = (f'POST {target} HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {token}\r\n'
        'Content-Length: 12\r\n\r\n{"type":"a"}').encode()


def meanwhile():  # for the others to get as far as they come
    time.sleep(.1)


os.kill(redis, signal.SIGSTOP)
client = socket.socket(socket.AF_UNIX)
client.connect(path)
for _ in range(pages):
    client.sendall(page)
    meanwhile()
client.sendall(page + post)
meanwhile()
os.kill(server, signal.SIGSTOP)
meanwhile()
client.close()
meanwhile()
os.kill(redis, signal.SIGCONT)
meanwhile()
os.kill(server, signal.SIGCONT)
