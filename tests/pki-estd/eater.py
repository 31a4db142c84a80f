"""eater.py PORTS SERVER-PORT STEP: a proxy that eats replies.

Its port is written to PORTS.  TLS passes through; of each STEP-th connection
the STEP-th, or an earlier, reply is lost: eaten whole, cut in the middle, or
the connection is reset as soon as the request has gone through.  At SIGTERM
it prints "replies N eaten N cut N reset N" and ends.
"""
import os
import select
import signal
import socket
import struct
import sys
import threading

SERVER, STEP = int(sys.argv[2]), int(sys.argv[3])
ALERT = 64      # octets at most, for the end of TLS; a reply has more
APPLICATION_DATA = 23
WAYS = ("eaten", "cut", "reset")
counts = dict.fromkeys(("replies",) + WAYS, 0)
lock = threading.Lock()


def count(what):
    with lock:
        counts[what] += 1


class Connection:
    """What the client says after the server has spoken is a request; what the
    server says then is its reply: it sends no tickets of TLS."""

    def __init__(self, client, number):
        self.client = client
        self.server = socket.create_connection(("127.0.0.1", SERVER))
        for sock in self.client, self.server:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.way = WAYS[number // STEP % 3] if number % STEP == 0 else None
        self.left = number // STEP % 2 + 1      # the reply that is lost
        self.spoken = self.asked = False

    def take(self, data):
        """Is it for the client?"""
        if len(data) <= ALERT:
            return True
        # A client may be asked for another key first: RFC 8446, 4.1.4.
        handshake = data[0] != APPLICATION_DATA
        first, self.spoken = not self.spoken, True
        if handshake or not (first and self.asked):
            return True
        self.left -= 1
        if self.way is None or self.left > 0:
            count("replies")
            return True
        count(self.way)
        if self.way == "cut":
            self.client.sendall(data[:len(data) // 2])
        elif self.way == "reset":
            self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                   struct.pack("ii", 1, 0))
        return False

    def pass_on(self, source):
        """What is there; False: that is the end."""
        data = source.recv(65536)
        if not data:
            return False
        if source is self.client:
            if self.spoken:
                self.asked, self.spoken = True, False
            self.server.sendall(data)
            return True
        if not self.take(data):
            return False
        self.client.sendall(data)
        return True

    def run(self):
        both = [self.client, self.server]
        try:
            while all(self.pass_on(source)
                      for source in select.select(both, [], [])[0]):
                pass
        except OSError:
            pass
        for sock in both:
            sock.close()


def serve(listener):
    number = 0
    while True:
        client, _ = listener.accept()
        number += 1
        threading.Thread(target=Connection(client, number).run,
                         daemon=True).start()


def stop(*_):
    with lock:
        print(*("%s %d" % pair for pair in counts.items()), flush=True)
    os._exit(0)


def main():
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    signal.signal(signal.SIGTERM, stop)
    with open(sys.argv[1] + ".new", "w", encoding="ascii") as out:
        out.write("%d\n" % listener.getsockname()[1])
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    threading.Thread(target=serve, args=(listener,), daemon=True).start()
    while True:
        signal.pause()


main()
