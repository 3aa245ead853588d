#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""complete-zsh.py DIR LINE...: types each line and a TAB into a zsh whose $fpath is DIR; prints what became of it."""
import os, pty, select, sys, time


def read_until(text, seconds=10):
    seen, end = b'', time.monotonic() + seconds
    while text not in seen:
        if time.monotonic() > end or not select.select([fd], [], [], end - time.monotonic())[0]:
            sys.exit('complete-zsh: %r did not come: %r' % (text, seen))
        seen += os.read(fd, 65536)
    return seen


pid, fd = pty.fork()
if pid == 0:
    os.environ.update(TERM='dumb', PS1='', ZDOTDIR='/nonexistent')
    os.execvp('zsh', ['zsh', '-f', '-i'])
try:
    os.write(fd, b"PS1=''; fpath=(%s $fpath); autoload -Uz compinit; compinit -D -u; LISTMAX=10000; bindkey -e; "
             b"show() { print -r -- \"<\"\"<$BUFFER>\"\">\"; BUFFER= }; zle -N show; bindkey '^Xs' show; "
             b"echo rea''dy\n" % sys.argv[1].encode())
    read_until(b'ready\r\n')
    for line in sys.argv[2:]:
        os.write(fd, line.encode() + b'\t\x18s')
        print(read_until(b'>>').decode(errors='replace').rsplit('<<', 1)[1].split('>>')[0].strip())
finally:
    os.kill(pid, 9)
    os.waitpid(pid, 0)
