"""keep.py PORTS PROGRAM [ARGUMENT...]: a supervisor, as systemd is one.

It holds two sockets on free ports of loopback, which are written to PORTS, and
starts the program with them, its pid being in PORTS.pid; when it ends, again
at once, unless it fails.  SIGTERM goes to the program, and its end is the end
of this one then.
"""
import os
import signal
import socket
import subprocess
import sys

made = [socket.create_server(("127.0.0.1", 0), backlog=1024) for _ in "es"]
for fd, one in enumerate(made, start=3):
    if one.fileno() != fd:
        os.dup2(one.fileno(), fd)
START = 'LISTEN_PID=$$ exec "$0" "$@"'
environment = dict(os.environ, LISTEN_FDS="2", LISTEN_FDNAMES="est:status")
running = None
over = False


def stop(*_):
    global over
    over = True
    running.send_signal(signal.SIGTERM)


def start():
    global running
    running = subprocess.Popen(
        ["/bin/sh", "-c", START] + sys.argv[2:], env=environment,
        pass_fds=(3, 4))
    with open(sys.argv[1] + ".pid", "w", encoding="ascii") as out:
        out.write("%d\n" % running.pid)


start()
signal.signal(signal.SIGTERM, stop)
with open(sys.argv[1] + ".new", "w", encoding="ascii") as out:
    out.write("%d %d\n" % tuple(one.getsockname()[1] for one in made))
os.rename(sys.argv[1] + ".new", sys.argv[1])
while True:
    status = running.wait()
    if over or status > 0:
        sys.exit(status)
    start()
