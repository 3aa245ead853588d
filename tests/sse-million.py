#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""sse-million: an SSE server that does one thing wrong in a million deliveries, and nothing else.

    sse-million.py drop|repeat|swap|corrupt REDIS-SOCKET CHANNEL READERS

What is published on CHANNEL goes to every reader. The fault hits one message, number
56789 (from 0), of one reader, the last; swap: it comes behind the next one. Prints `ready PORT` once it listens.
It works on what Redis sent as a whole, or it would take minutes.
"""
import socket
import sys

FAULT, AT = sys.argv[1], 56789
HEAD = b'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n'


def accept(listener, count):
    readers = []
    while len(readers) < count:
        reader, _ = listener.accept()
        while b'\r\n\r\n' not in reader.recv(65536):
            pass
        reader.sendall(HEAD)
        readers.append(reader)
    return readers


def spoil(messages, at):
    if FAULT == 'drop':
        del messages[at]
    elif FAULT == 'repeat':
        messages.insert(at, messages[at])
    elif FAULT == 'swap':
        messages[at], messages[at + 1] = messages[at + 1], messages[at]
    else:
        text = messages[at]
        i = text.rindex(b'.') + 1  # of its stamp's filler, see lib/audit.h
        messages[at] = text[:i] + bytes([text[i] ^ 1]) + text[i + 1:]


def messages_of(redis, channel):
    """Yields lists of payloads."""
    push = b'*3\r\n$7\r\nmessage\r\n$%d\r\n%s\r\n$' % (len(channel), channel)
    rest = b''
    while chunk := redis.recv(1 << 20):
        parts = (rest + chunk).split(push)
        # The last one may be cut.
        size, _, text = parts[-1].partition(b'\r\n')
        if len(text) == int(size or 0) + 2 > 2:
            rest = b''
        else:
            rest = push + parts.pop() if len(parts) > 1 else parts.pop()
        yield [part[part.index(b'\n') + 1:-2] for part in parts if part]


def encode(messages):
    return b''.join([b'data: %s\n\n' % m for m in messages])


def main():
    redis = socket.socket(socket.AF_UNIX)
    redis.connect(sys.argv[2])
    channel = sys.argv[3].encode()
    redis.sendall(b'*2\r\n$9\r\nSUBSCRIBE\r\n$%d\r\n%s\r\n' % (len(channel), channel))
    redis.recv(65536)  # the confirmation: nothing is published before all readers are there
    listener = socket.create_server(('127.0.0.1', 0))
    print('ready', listener.getsockname()[1], flush=True)
    readers = accept(listener, int(sys.argv[4]))
    seen, held = 0, []
    for messages in messages_of(redis, channel):
        messages = held + messages
        # The one that is spoiled has its neighbour with it.
        held = [messages.pop()] if seen + len(messages) - 1 == AT else []
        text = other = encode(messages)
        if seen <= AT < seen + len(messages):
            spoil(messages, AT - seen)
            other = encode(messages)
        seen += text.count(b'\n\n')
        for reader in readers[:-1]:
            reader.sendall(text)
        readers[-1].sendall(other)


main()
