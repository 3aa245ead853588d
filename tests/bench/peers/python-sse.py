#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""python-sse: asyncio and redis-py, one subscription for each channel, a task for each reader.

    python-sse.py REDIS-SOCKET

Listens on a free port of 127.0.0.1 and prints `ready PORT`.
"""
import asyncio
import re
import sys

import redis.asyncio as redis

HEAD = (b'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n'
        b'Connection: close\r\n\r\nevent: connected\ndata: {}\n\n')
ID = re.compile(rb'"id":"([0-9]+-[0-9]+)"\}\}$')

channels = {}  # name -> set of writers


async def fan_out(pubsub):
    async for message in pubsub.listen():
        if message['type'] != 'message':
            continue
        data = message['data']
        found = ID.search(data)
        event = (b'id: ' + found.group(1) + b'\n' if found else b'') + b'data: ' + data + b'\n\n'
        writers = channels.get(message['channel'].decode(), ())
        for writer in list(writers):
            writer.write(event)
        for writer in list(writers):
            if writer.transport.get_write_buffer_size() > 1 << 20:
                await writer.drain()


async def serve(pubsub, reader, writer):
    name = None
    try:
        head = await reader.readuntil(b'\r\n\r\n')
        name = head.split(b' ', 2)[1].decode().split('?')[0][len('/events/'):]
        writer.write(HEAD)
        if name not in channels:
            channels[name] = set()
            await pubsub.subscribe(name)
        channels[name].add(writer)
        await reader.read()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        if name in channels:
            channels[name].discard(writer)
        writer.close()


async def main():
    db = redis.Redis(unix_socket_path=sys.argv[1])
    pubsub = db.pubsub()
    await pubsub.subscribe('python-sse:ready')
    server = await asyncio.start_server(lambda r, w: serve(pubsub, r, w), '127.0.0.1', 0, backlog=4096)
    print('ready', server.sockets[0].getsockname()[1], flush=True)
    await fan_out(pubsub)

asyncio.run(main())
