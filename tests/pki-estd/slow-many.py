"""slow-many.py PORT N HEAD BODY REPLY: N connections that are slow on purpose,
of six kinds, and fifty good clients meanwhile (G28).

Each slow one is cut within a second of its deadline, which is in seconds; of
the good ones none fails, and 99 of 100 are answered within half a second.
When a connection is cut is read from the kernel: at the server's end, where a
reader who never reads does not count.
"""
import json
import os
import resource
import select
import threading
from raw import *

PORT, N, HEAD, BODY, REPLY = [int(a) for a in sys.argv[1:6]]
GOOD = 50
CACERTS = request("GET", EST + "/cacerts", HOST)
ENROLL = enroll(AUTH)
CUT = ENROLL.index(b"\r\n\r\n") + 4
WIDE = request("GET", EST + "/wide/cacerts", HOST)
WIDE_OCTETS = 512 * 1024


# ---- the slow ----

class Slow:
    """One connection: what it has still to say, an octet at a time."""

    def __init__(self, sock, rest=b""):
        self.sock, self.rest = sock, rest
        self.start = self.seen = time.time()
        self.missed = None
        self.misses = 0
        address, port = sock.getsockname()
        # As /proc/net/tcp has it.
        self.key = "%08X:%04X" % (struct.unpack("=I", socket.inet_aton(
            address))[0], port)
        sock.setblocking(False)

    def look(self, alive, now):
        """Is it gone?  Missed twice: the table changes while it is read."""
        if self.key in alive:
            self.seen, self.misses = now, 0
        else:
            self.misses += 1
            if self.misses == 1:
                self.missed = now
        return self.misses >= 2

    def lived(self):
        """At least and at most."""
        gone = self.missed if self.misses >= 2 else self.start + 99
        return self.seen - self.start, gone - self.start

    def drip(self):
        try:
            self.sock.send(self.rest[:1])
            self.rest = self.rest[1:]
        except (OSError, ssl.SSLError):
            self.rest = b""


def tls(source, said=b""):
    sock = CONTEXT.wrap_socket(dial(PORT, source=source),
                               server_hostname="localhost")
    sock.sendall(said)
    return sock


def hello():
    out = ssl.MemoryBIO()
    machine = CONTEXT.wrap_bio(ssl.MemoryBIO(), out)
    try:
        machine.do_handshake()
    except ssl.SSLWantReadError:
        return out.read()


def reader(source):
    """Its window closes at once, and nearly all waits at the server."""
    plain = socket.socket()
    plain.settimeout(15)
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    # Small segments: so the server's own buffer stays small.
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
    plain.bind((source, 0))
    plain.connect(("127.0.0.1", PORT))
    sock = CONTEXT.wrap_socket(plain, server_hostname="localhost")
    sock.sendall(WIDE)
    return Slow(sock)


CONTEXT = context()
HELLO = hello()
# In the order in which they are opened: those with most time first.
KINDS = {
    "reader": (REPLY, reader),
    "body": (BODY, lambda source: Slow(tls(source, ENROLL[:CUT]),
                                       ENROLL[CUT:])),
    "head": (HEAD, lambda source: Slow(tls(source), CACERTS)),
    "idle-tls": (HEAD, lambda source: Slow(tls(source))),
    "handshake": (HEAD, lambda source: Slow(dial(PORT, source=source), HELLO)),
    "idle-tcp": (HEAD, lambda source: Slow(dial(PORT, source=source))),
}


def open_all():
    """{kind: [Slow]} and how many lived at once.  By a few threads; 64
    connections from one address are the limit."""
    made = {kind: [] for kind in KINDS}
    names = list(KINDS)

    def run(first):
        for i in range(first, N, 8):
            kind = names[i * len(names) // N]
            try:
                made[kind].append(KINDS[kind][1]("127.0.1.%d" % (1 + i % 50)))
            except (OSError, ssl.SSLError) as error:
                check(False, "%s: no connection: %r" % (kind, error))
    threads = [threading.Thread(target=run, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    most = 0
    while any(thread.is_alive() for thread in threads):
        most = max(most, tick(made))
    return made, max(most, tick(made))


def established():
    """The clients of the server's connections, as Slow.key."""
    found = set()
    with open("/proc/net/tcp", encoding="ascii") as table:
        for line in table:
            words = line.split()
            if words[1].endswith(":%04X" % PORT) and words[3] == "01":
                found.add(words[2])
    return found


def tick(made):
    """A moment in which each says an octet; how many live."""
    living = 0
    begun = time.time()
    known = [one for some in made.values() for one in list(some)]
    alive = established()
    for slow in known:
        if slow.misses < 2 and not slow.look(alive, begun):
            living += 1
            if slow.rest:
                slow.drip()
    time.sleep(max(0, 0.25 - (time.time() - begun)))
    return living


def judge(kind, some):
    deadline = KINDS[kind][0]
    lived = [one.lived() for one in some]
    early = [most for _, most in lived if most < deadline - 0.5]
    late = [least for least, most in lived
            if least > deadline + 1 or most > 90]
    print("slow: %-9s n=%d deadline=%d lived=%.1f..%.1f" %
          (kind, len(lived), deadline, min(lived)[0],
           max(most for _, most in lived)))
    check(not early, "%s: %d cut early" % (kind, len(early)))
    check(not late, "%s: %d cut late" % (kind, len(late)))
    return len(late)


def read_to_end(slow):
    """How much comes now to one who never read; whole would be too slow."""
    got, more = 0, b"."
    below = socket.socket(fileno=os.dup(slow.sock.fileno()))
    below.settimeout(5)
    while more:
        try:
            more = below.recv(65536)
        except OSError:
            more = b""
        got += len(more)
    return got


# ---- the good ----

def good(stopped):
    """Fifty clients, each one request a second on a new connection."""
    took, failed = [], []

    def run(i):
        time.sleep(i / GOOD)
        while not select.select([stopped], [], [], 1)[0]:
            start = time.time()
            try:
                with tls("127.0.2.%d" % (1 + i)) as sock:
                    sock.sendall(ENROLL if i % 2 else CACERTS)
                    status = Answer(sock).status
            except (OSError, ssl.SSLError) as error:
                status = repr(error)
            took.append(time.time() - start)
            if status != 200:
                failed.append(str(status))
    threads = [threading.Thread(target=run, args=(i,)) for i in range(GOOD)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(took), failed


def start_good():
    """In a process of their own: (what stops them, what they report)."""
    stopped, stop = os.pipe()
    report, reported = os.pipe()
    if os.fork() == 0:
        os.close(stop)
        os.close(report)
        os.write(reported, json.dumps(good(stopped)).encode())
        os._exit(0)
    os.close(stopped)
    os.close(reported)
    return stop, os.fdopen(report, "rb")


def main():
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    stop, report = start_good()
    begun = time.time()
    made, most = open_all()
    print("slow: %d connections in %.1f s, %d at once" %
          (sum(len(some) for some in made.values()), time.time() - begun,
           most))
    check(most >= N // 2, "only %d at once" % most)
    end = time.time() + max(HEAD, BODY, REPLY) + 2
    while tick(made) and time.time() < end:
        pass
    os.close(stop)
    took, failed = json.load(report)
    os.wait()
    late = sum(judge(kind, some) for kind, some in made.items())
    for slow in made["reader"]:
        got = read_to_end(slow)
        check(0 < got < WIDE_OCTETS, "reader: got %d octets" % got)
    p99 = 1000 * took[len(took) * 99 // 100]
    check(not failed, "good clients: %s" % failed[:5])
    check(p99 < 500, "good clients wait: %d ms" % p99)
    check(len(took) > 5 * GOOD, "only %d good requests" % len(took))
    print("guarantee=G28 n=%d late=%d lost=%d dup=0 good=%d p50-ms=%.0f "
          "p99-ms=%.0f" % (N, late, len(failed), len(took),
                           1000 * took[len(took) // 2], p99))


main()
finish()
