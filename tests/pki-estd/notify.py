"""notify.py PORTS LOG PROGRAM [ARGUMENT...]: run it beside a socket as systemd
has one, with a watchdog of one second, and write down what it says there."""
import os
import socket
import sys

log = open(sys.argv[2], "w", buffering=1, encoding="ascii")
path = os.path.abspath("notify")
asked = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
asked.bind(path)
pid = os.fork()
if pid == 0:
    asked.close()
    log.close()
    os.environ.update(NOTIFY_SOCKET=path, WATCHDOG_USEC="1000000",
                      WATCHDOG_PID=str(os.getpid()))
    listen = os.path.join(os.path.dirname(__file__), "listen.py")
    os.execvp("python3", ["python3", listen, sys.argv[1], *sys.argv[3:]])
print("pid", pid, file=log)
while True:
    asked.settimeout(0.2)
    try:
        print(asked.recv(4096).decode().replace("\n", " "), file=log)
    except socket.timeout:
        if os.waitpid(pid, os.WNOHANG)[0] != 0:
            break
