# SPDX-License-Identifier: MIT
# keep-socket PORT COMMAND...: as systemd does with a socket unit: listens on 127.0.0.1:PORT, hands the socket to
# COMMAND (LISTEN_FDS), and starts it again whenever it ends, until TERM, which goes on to it. Prints each pid.
import os
import signal
import socket
import sys

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=4096)
os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
child = 0


def leave(*_):
    os.kill(child, signal.SIGTERM)
    os.waitpid(child, 0)
    sys.exit(0)


signal.signal(signal.SIGTERM, leave)
while True:
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
        os.execvp(sys.argv[2], sys.argv[2:])
    print(child, flush=True)
    os.waitpid(child, 0)
