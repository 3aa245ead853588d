# SPDX-License-Identifier: MIT
"""terminal: runs a command on a terminal of its own, and tells what a person would see there.

    terminal.py COLUMNS [--resize COLUMNS] [--run COMMAND] [--interrupt] -- COMMAND [ARG ...]

When the command has drawn a live line a few times the terminal is resized; a few lines later a shell command
is run; a few lines later Ctrl-C is pressed: whichever is wanted. Prints JSON:
status; frames, each live line with the columns there were; said, lines in front of which one was cleared;
screen, the lines that stand there at the end.
"""
import fcntl
import json
import os
import pty
import re
import select
import struct
import sys
import termios
import time

FRAME = re.compile(rb"\r\x1b\[J([^\r\n]*)\r(?!\n)")
SAID = re.compile(rb"\r\x1b\[J([^\r\n]*)\r\n")
CODE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
FEW, DEADLINE = 4, 30


def set_columns(fd, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))


class Screen:
    """A terminal that wraps, knows \\r, \\n and ESC [ J, and breaks its lines anew when it is resized."""

    def __init__(self, columns):
        self.columns, self.rows, self.row, self.col = columns, [""], 0, 0

    def resize(self, columns):
        rows, row = [], 0
        for i, text in enumerate(self.rows):
            if i == self.row:
                row = len(rows) + self.col // columns
            rows += [text[at : at + columns] for at in range(0, max(len(text), 1), columns)]
        self.columns, self.rows, self.row, self.col = columns, rows, row, self.col % columns

    def put(self, c):
        if c == "\r":
            self.col = 0
        elif c == "\n":
            self.row += 1
        else:
            if self.col == self.columns:
                self.row, self.col = self.row + 1, 0
            self.grow()
            text = self.rows[self.row].ljust(self.col)
            self.rows[self.row] = text[: self.col] + c + text[self.col + 1 :]
            self.col += 1
        self.grow()

    def grow(self):
        self.rows += [""] * (self.row + 1 - len(self.rows))

    def write(self, text):
        at = 0
        while at < len(text):
            code = CODE.match(text, at)
            if code:
                assert code[0] == "\x1b[J", code[0]
                del self.rows[self.row + 1 :]
                self.rows[self.row] = self.rows[self.row][: self.col]
            else:
                self.put(text[at])
            at = code.end() if code else at + 1


def main():
    dash = sys.argv.index("--")
    columns, options, command = int(sys.argv[1]), sys.argv[2:dash], sys.argv[dash + 1 :]
    pid, fd = pty.fork()
    if pid == 0:
        set_columns(0, columns)
        os.environ["TERM"] = "xterm"
        os.environ.pop("COLUMNS", None)
        os.execvp(command[0], command)
    todo = []
    if "--resize" in options:
        todo.append(int(options[options.index("--resize") + 1]))
    if "--run" in options:
        todo.append(options[options.index("--run") + 1])
    if "--interrupt" in options:
        todo.append(None)
    screen, seen, frames, since = Screen(columns), b"", [], 0
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        if not select.select([fd], [], [], 0.5)[0]:
            continue
        try:
            got = os.read(fd, 65536)
        except OSError:  # the other end is closed
            break
        seen += got
        screen.write(got.decode(errors="replace"))
        frames += [[columns, f.decode()] for f in FRAME.findall(seen)[len(frames) :]]
        if todo and len(frames) - since >= FEW:
            what, since = todo.pop(0), len(frames)
            if what is None:
                os.write(fd, b"\x03")
            elif isinstance(what, str):
                os.system(what)
            else:
                set_columns(fd, what)
                screen.resize(what)
                columns = what
                since += 1  # one may be on its way, as wide as the terminal was
    else:
        os.kill(pid, 9)
    _, status = os.waitpid(pid, 0)
    told = {
        "status": os.waitstatus_to_exitcode(status),
        "frames": frames,
        "said": [line.decode() for line in SAID.findall(seen)],
        "screen": [row for row in screen.rows if row],
    }
    print(json.dumps(told))


main()
