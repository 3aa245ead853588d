#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""meddler: a proxy in front of Redis that spoils known messages of a load on their way to a reader.

    meddler.py SOCKET REDIS-SOCKET FAULT=SEQ...      FAULT: drop, repeat, swap, corrupt

Listens on the Unix socket SOCKET. What clients send passes untouched; of what the server sends, each pushed
message whose stamp (see lib/audit.h) has seq SEQ is dropped, sent twice, sent behind the next one, or changed
in one byte of its filler. Other bytes pass as they are.
"""
import asyncio
import sys

HEAD = b"*3\r\n$7\r\nmessage\r\n"


class Cutter:
    """Cuts a server's bytes in front of pushed messages."""

    def __init__(self):
        self.held = b""

    def feed(self, data):
        """Whole messages, and whatever else there is."""
        self.held += data
        cut = len(self.held) if self.is_whole() else max(self.held.rfind(HEAD), 0)
        front, self.held = self.held[:cut], self.held[cut:]
        return front

    def is_whole(self):
        at = self.held.rfind(HEAD)
        if at < 0:
            return not any(HEAD.startswith(self.held[-n:]) for n in range(1, len(HEAD)))
        at += len(HEAD)
        for _ in range(2):
            eol = self.held.find(b"\r\n", at)
            if eol < 0:
                return False
            at = eol + 2 + int(self.held[at + 1:eol]) + 2
        return at <= len(self.held)


async def pump(reader, writer):
    try:
        while data := await reader.read(1 << 18):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


def spoil(faults, front, late):
    """late: the message that waits for the next one."""
    if late and front:
        end = front.find(HEAD, 1)
        end = len(front) if end < 0 else end
        front = front[:end] + late.pop() + front[end:]
    for seq in list(faults):
        at = front.find(b".%012x." % seq)
        if at < 0:
            continue
        begin, end = front.rfind(HEAD, 0, at), front.find(HEAD, at)
        end = len(front) if end < 0 else end
        message, fault = front[begin:end], faults.pop(seq)
        if fault == "repeat":
            message += message
        elif fault == "corrupt":
            at = message.rindex(b"\"}") - 1
            message = message[:at] + b"!" + message[at + 1:]
        elif fault == "swap" and end < len(front):
            after = front.find(HEAD, end + 1)
            after = len(front) if after < 0 else after
            message, end = front[end:after] + message, after
        elif fault == "swap":
            late.append(message)
            message = b""
        else:
            message = b""
        front = front[:begin] + message + front[end:]
    return front


async def meddle(reader, writer, faults):
    cutter, late = Cutter(), []
    try:
        while data := await reader.read(1 << 18):
            writer.write(spoil(faults, cutter.feed(data), late))
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def main():
    path, server = sys.argv[1:3]
    wanted = {int(s): f for f, s in (a.split("=") for a in sys.argv[3:])}

    async def serve(reader, writer):
        up_reader, up_writer = await asyncio.open_unix_connection(server, limit=1 << 20)
        await asyncio.gather(pump(reader, up_writer), meddle(up_reader, writer, dict(wanted)))

    async with await asyncio.start_unix_server(serve, path, limit=1 << 20) as listener:
        print("ready", flush=True)
        await listener.serve_forever()


asyncio.run(main())
