"""Handshakes in pieces: PORT PID.

Who is silent after a part of his handshake costs no CPU time, be it long;
whoever goes on, octet by octet, gets his answer.
"""
from raw import *

PORT, PID = int(sys.argv[1]), int(sys.argv[2])
CLIENTS = 8
SILENT_S = 2
MOST_S = 0.3            # of CPU, for all of them together


def cpu():
    """Seconds, of the process and all its threads."""
    return time.clock_gettime(~PID << 3 | 2)


class Pieces:
    """A client whose octets go out when it is told."""

    def __init__(self, version):
        made = context()
        made.minimum_version = made.maximum_version = version
        self.sock = dial(PORT)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = made.wrap_bio(self.incoming, self.outgoing,
                                 server_hostname="localhost")

    def step(self, what, *arguments):
        """True: done; else what must go out is there."""
        try:
            self.got = what(*arguments)
            return True
        except ssl.SSLWantReadError:
            return False

    def say(self, octets):
        for octet in octets:
            self.sock.sendall(bytes([octet]))

    def hear(self):
        octets = self.sock.recv(65536)
        self.incoming.write(octets) if octets else self.incoming.write_eof()

    def finish(self, rest):
        """The handshake and a request; how it was answered."""
        self.say(rest)
        while not self.step(self.tls.do_handshake):
            self.say(self.outgoing.read())
            self.hear()
        self.tls.write(request("GET", EST + "/cacerts", HOST))
        self.say(self.outgoing.read())
        while not self.step(self.tls.read, 12):
            self.hear()
        return self.got


def hello(version):
    client = Pieces(version)
    client.step(client.tls.do_handshake)
    return client, client.outgoing.read()


def answered(version):
    """Silent in the middle of their hello, then behind it."""
    clients = [hello(version) for _ in range(CLIENTS)]
    before = cpu()
    for client, octets in clients:
        client.say(octets[:40])
    time.sleep(SILENT_S)
    for client, octets in clients:
        client.say(octets[40:])
        client.hear()
    time.sleep(SILENT_S)
    spent = cpu() - before
    check(spent < MOST_S, "%s: %.2f s of CPU while all are silent" %
          (version.name, spent))
    for client, _ in clients:
        check(client.finish(b"") == b"HTTP/1.1 200", version.name)
        client.sock.close()


answered(ssl.TLSVersion.TLSv1_2)
answered(ssl.TLSVersion.TLSv1_3)
# Those that stay are no hindrance to the stop, nor those that go.
kept = [hello(ssl.TLSVersion.TLSv1_3) for _ in range(2 * CLIENTS)]
for left, (one, said) in enumerate(kept):
    one.say(said[:40])
    if left < CLIENTS:
        one.sock.close()
finish()
