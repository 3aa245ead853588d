#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""sse-strict: what a browser makes of an event stream, written from the WHATWG text alone
(https://html.spec.whatwg.org/multipage/server-sent-events.html, 9.2.5 and 9.2.6), not from lib/sse.c.

    sse-strict.py [--lenient] [--cut] < BODY
    sse-strict.py --source SOCKET PATH [--leave-after N] [--chunk BYTES] [--old]

Prints a line of JSON for each thing in order: {"event","data","id"}, {"retry"}, {"comment"}, and, with
--source, {"open"} per connection: the Last-Event-ID it was opened with.
The first form reads a body. It fails (1) on what a parser must ignore or mend, since our server should
never send it: invalid UTF-8, a byte-order mark, an unknown field, other than one space behind a colon,
an id other than [0-9A-Za-z-], an event or a line that is cut off at the end. --cut allows that last one
(the reader left), --lenient all of them.
The second form is an EventSource: on the end of a stream it waits for `retry` and comes back with the
last id; 204 ends it (0); any other answer than 200 text/event-stream fails it for good (2).
--leave-after N closes each connection after N events; --chunk BYTES is how much one read takes; --old asks
by HTTP/1.0, so that nothing on the way sends chunks.
"""
import argparse
import json
import re
import socket
import sys
import time


class Malformed(Exception):
    pass


class Parser:
    def __init__(self, emit, lenient=False):
        self.emit, self.lenient = emit, lenient
        self.rest = b''  # an unfinished line
        self.first = True
        self.data, self.event, self.id_buffer = '', '', ''
        self.last_id = ''  # what the reconnection sends
        self.retry_ms = None
        self.block = False  # lines since the last empty one
        self.events = 0

    def wrong(self, text):
        if not self.lenient:
            raise Malformed(text)

    def feed(self, chunk):
        chunk = self.rest + chunk
        # CRLF, LF and CR end a line; a CR at the very end may be the first half of a CRLF.
        held = b'\r' if chunk.endswith(b'\r') else b''
        lines = re.split(rb'\r\n|\n|\r', chunk[:len(chunk) - len(held)])
        self.rest = lines.pop() + held
        for line in lines:
            self.line(line)

    def end(self, cut):
        if self.rest.endswith(b'\r'):
            line, self.rest = self.rest[:-1], b''
            self.line(line)
        if (self.rest or self.block) and not cut:
            self.wrong('the stream ends in the middle of %r' % (self.rest[:60] or 'an event'))

    def line(self, raw):
        try:
            line = raw.decode('utf-8')
        except UnicodeDecodeError:
            self.wrong('not UTF-8: %r' % raw[:80])
            line = raw.decode('utf-8', 'replace')
        if self.first and line.startswith('\ufeff'):
            self.wrong('a byte-order mark')
            line = line[1:]
        self.first = False
        self.block = line != ''
        if line == '':
            self.dispatch()
        elif line.startswith(':'):
            self.emit({'comment': line[1:]})
        else:
            name, colon, value = line.partition(':')
            if not colon or not value.startswith(' '):
                self.wrong('no ": " in %r' % line[:80])
            self.field(name, value[1:] if value.startswith(' ') else value)

    def field(self, name, value):
        if name == 'event':
            if self.event:
                self.wrong('two types')
            self.event = value
        elif name == 'data':
            self.data += value + '\n'
        elif name == 'id':
            if not re.fullmatch('[0-9A-Za-z-]+', value):
                self.wrong('the id %r' % value)
            if '\0' not in value:
                self.id_buffer = value
        elif name == 'retry':
            if re.fullmatch('[0-9]+', value):
                self.retry_ms = int(value)
                self.emit({'retry': self.retry_ms})
            else:
                self.wrong('the retry %r' % value)
        else:
            self.wrong('the field %r' % name)

    def dispatch(self):
        self.last_id = self.id_buffer
        data, event, self.data, self.event = self.data, self.event, '', ''
        if data == '':
            return
        self.events += 1
        self.emit({'event': event or 'message', 'data': data[:-1], 'id': self.last_id})


def emit(thing):
    print(json.dumps(thing), flush=sys.stdout.isatty() or flush_always)


flush_always = False


def read_body(args):
    parser = Parser(emit, args.lenient)
    while chunk := sys.stdin.buffer.read(65536):
        parser.feed(chunk)
    parser.end(args.cut)


def read_head(connection, size):
    """(status, fields, what came behind the head: less than size bytes)"""
    got = b''
    while b'\r\n\r\n' not in got:
        chunk = connection.recv(size)
        if not chunk:
            raise Malformed('the connection ended in the head: %r' % got)
        got += chunk
    head, _, rest = got.partition(b'\r\n\r\n')
    first, *lines = head.decode('ascii').split('\r\n')
    if not re.fullmatch(r'HTTP/1\.1 [2-5][0-9][0-9] [A-Za-z -]+', first):
        raise Malformed('the status line %r' % first)
    return int(first[9:12]), {k.lower(): v.strip() for k, _, v in (x.partition(':') for x in lines)}, rest


def request(path, last_id, old=False):
    lines = ['GET %s HTTP/1.%d' % (path, 0 if old else 1), 'Host: localhost', 'Accept: text/event-stream', 'Cache-Control: no-store']
    if last_id:
        lines.append('Last-Event-ID: ' + last_id)
    return ('\r\n'.join(lines) + '\r\n\r\n').encode()


def connect_once(args, state):
    """Returns False when the source is closed for good."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(20)
        connection.connect(args.source)
        connection.sendall(request(args.path, state['id'], args.old))
        status, fields, rest = read_head(connection, args.chunk)
        emit({'open': state['id'], 'status': status})
        if status == 204:
            return False
        if status != 200 or fields.get('content-type', '').split(';')[0].strip() != 'text/event-stream':
            sys.exit(2)
        parser = Parser(emit)
        parser.id_buffer = parser.last_id = state['id']
        chunk = rest or connection.recv(args.chunk)
        while chunk:
            parser.feed(chunk)
            state['id'] = parser.last_id
            state['retry_ms'] = parser.retry_ms or state['retry_ms']
            if args.leave_after and parser.events >= args.leave_after:
                return True
            chunk = connection.recv(args.chunk)
        parser.end(cut=True)
    return True


def event_source(args):
    state = {'id': '', 'retry_ms': 1000}
    while connect_once(args, state):
        time.sleep(state['retry_ms'] / 1000)


def main():
    global flush_always
    options = argparse.ArgumentParser()
    options.add_argument('--lenient', action='store_true')
    options.add_argument('--cut', action='store_true')
    options.add_argument('--source')
    options.add_argument('path', nargs='?')
    options.add_argument('--leave-after', type=int)
    options.add_argument('--chunk', type=int, default=65536)
    options.add_argument('--old', action='store_true')
    args = options.parse_args()
    try:
        if args.source:
            flush_always = True
            event_source(args)
        else:
            read_body(args)
    except Malformed as error:
        sys.exit('sse-strict: %s' % error)


if __name__ == '__main__':
    main()
