#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""sse-server: a small SSE server that does wrong what it is told to, for the tests of `sp-bench sse`.

    sse-server.py [--chunked] [--unix PATH] [--drop N] [--repeat N] [--swap N] [--corrupt N] [--sleep MS]
                  [--no-log] [--cut N] [--status CODE] [--streams N] [--type TYPE] [--end]

POST /pub/CHANNEL publishes the body, GET /events/CHANNEL reads; Last-Event-ID resumes from the log. The
faults hit the N-th message (from 1) for all readers: --drop loses it, --repeat sends it twice, --swap sends
the next one in front of it, --corrupt changes a byte in it. --sleep does nothing at all for MS once a
second. --cut N breaks each connection off, once for each reader, after N events; --end ends it in order,
and keeps it alive when it can. Beyond --streams N of them the answer is 503. Prints `ready PORT`.
"""
import argparse
import asyncio
import time

parser = argparse.ArgumentParser()
for name in 'drop', 'repeat', 'swap', 'corrupt', 'sleep', 'cut', 'streams':
    parser.add_argument('--' + name, type=int, default=0)
for name in 'chunked', 'no-log', 'end':
    parser.add_argument('--' + name, action='store_true')
parser.add_argument('--status', type=int, default=200)
parser.add_argument('--type', default='text/event-stream')
parser.add_argument('--unix')
args = parser.parse_args()

readers = {}  # channel -> set of Reader
logs = {}  # channel -> events, in the order in which readers get them
posted = 0
held = None  # of --swap


class Reader:
    def __init__(self, writer, cut):
        self.writer, self.left = writer, cut
        self.over = asyncio.Event()

    def send(self, event):
        if self.over.is_set():
            return
        if args.chunked:
            # A chunk's border within each event.
            half = len(event) // 2
            event = b''.join(b'%x\r\n%s\r\n' % (len(e), e) for e in (event[:half], event[half:]))
        self.writer.write(event)
        self.left -= 1
        if self.left == 0:
            if args.end and args.chunked:
                self.writer.write(b'0\r\n\r\n')
            self.over.set()


def give(channel, body):
    log = logs.setdefault(channel, [])
    event = b'id: %d\ndata: %s\n\n' % (len(log) + 1, body)
    log.append(event)
    for reader in list(readers.get(channel, ())):
        reader.send(event)


def publish(channel, body):
    global posted, held
    posted += 1
    if posted == args.drop:
        return
    if posted == args.corrupt:
        at = body.index(b'spb1.') + 100
        body = body[:at] + (b'X' if body[at:at + 1] != b'X' else b'Y') + body[at + 1:]
    if posted == args.swap:
        held = body
        return
    give(channel, body)
    if posted == args.repeat:
        give(channel, body)
    if held is not None:
        give(channel, held)
        held = None


cut_once = set()


async def stream(channel, last, peer, writer):
    full = 0 < args.streams <= sum(map(len, readers.values()))
    head = b'HTTP/1.1 %d X\r\nContent-Type: %s\r\n' % (503 if full else args.status, args.type.encode())
    writer.write(head + (b'Transfer-Encoding: chunked\r\n\r\n' if args.chunked else b'Connection: close\r\n\r\n'))
    first = peer not in cut_once
    cut_once.add(peer)
    if full:
        return False
    reader = Reader(writer, args.cut if first else 0)
    if not args.no_log and last.isdigit():
        for event in logs.get(channel, [])[int(last):]:
            reader.send(event)
    readers.setdefault(channel, set()).add(reader)
    gone = asyncio.ensure_future(asyncio.shield(writer.wait_closed()))
    over = asyncio.ensure_future(reader.over.wait())
    await asyncio.wait({gone, over}, return_when=asyncio.FIRST_COMPLETED)
    for task in gone, over:
        task.cancel()
    readers[channel].discard(reader)
    return args.chunked and args.end and reader.over.is_set()


async def serve(source, writer):
    try:
        while True:
            head = (await source.readuntil(b'\r\n\r\n')).decode('latin-1')
            method, path, _ = head.split(' ', 2)
            fields = dict(line.lower().split(': ', 1) for line in head.split('\r\n')[1:] if ': ' in line)
            channel = path.rsplit('/', 1)[1]
            if method == 'GET':
                if not await stream(channel, fields.get('last-event-id', ''), fields['x-reader'], writer):
                    break
                continue
            publish(channel, await source.readexactly(int(fields['content-length'])))
            writer.write(b'HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok')
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def sleep_now_and_then():
    while args.sleep:
        await asyncio.sleep(1)
        time.sleep(args.sleep / 1000)


async def main():
    if args.unix:
        await asyncio.start_unix_server(serve, args.unix, backlog=1000)
        print('ready', args.unix, flush=True)
    else:
        server = await asyncio.start_server(serve, '127.0.0.1', 0, backlog=1000)
        print('ready', server.sockets[0].getsockname()[1], flush=True)
    await sleep_now_and_then()
    await asyncio.Event().wait()

asyncio.run(main())
