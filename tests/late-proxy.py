#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""late-proxy.py SOCKET REDIS-SOCKET MS: a proxy in front of Redis, on the Unix socket SOCKET, that hands on each
piece of what the server answers MS milliseconds late, in order; what clients send passes at once."""
import asyncio
import sys

path, redis, late = sys.argv[1], sys.argv[2], int(sys.argv[3]) / 1000


async def pump(reader, writer, delay):
    line = asyncio.Queue(1000)

    async def write():
        while True:
            due, data = await line.get()
            await asyncio.sleep(max(0, due - loop.time()))
            if not data:
                break
            writer.write(data)
            await writer.drain()

    loop = asyncio.get_running_loop()
    writing = asyncio.create_task(write())
    try:
        while data := await reader.read(1 << 18):
            await line.put((loop.time() + delay, data))
        await line.put((loop.time() + delay, b""))
        await writing
    except ConnectionError:
        writing.cancel()
    finally:
        writer.close()


async def serve(reader, writer):
    from_redis, to_redis = await asyncio.open_unix_connection(redis)
    await asyncio.gather(pump(reader, to_redis, 0), pump(from_redis, writer, late))


async def main():
    server = await asyncio.start_unix_server(serve, path)
    print("ready", flush=True)
    await server.serve_forever()


asyncio.run(main())
