"""listen.py PORTS PROGRAM [ARGUMENT...]: run it as systemd would, with two
sockets on free ports of loopback; both are written to PORTS."""
import os
import socket
import sys

made = [socket.create_server(("127.0.0.1", 0), backlog=1024) for _ in "es"]
for fd, one in enumerate(made, start=3):
    if one.fileno() != fd:
        os.dup2(one.fileno(), fd)
    os.set_inheritable(fd, True)
with open(sys.argv[1] + ".new", "w", encoding="ascii") as out:
    out.write("%d %d\n" % tuple(one.getsockname()[1] for one in made))
os.rename(sys.argv[1] + ".new", sys.argv[1])
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="2",
                  LISTEN_FDNAMES="est:status")
os.execv(sys.argv[2], sys.argv[2:])
