"""Who is slow on purpose is cut at a deadline: PORT HEAD BODY REPLY IDLE, in
seconds; 0 for all: nobody is cut within four seconds (the control)."""
import os
import threading
from raw import *

PORT, HEAD, BODY, REPLY, IDLE = [int(a) for a in sys.argv[1:6]]
CACERTS = request("GET", EST + "/cacerts", HOST)


def drip(send, octets, start):
    """How long a connection lives that says one octet every 0.2 s."""
    for octet in octets[:60]:
        try:
            send(bytes([octet]))
        except (OSError, ssl.SSLError):
            return time.time() - start
        if CONTROL and time.time() - start > 4:
            break
        time.sleep(0.2)
    return time.time() - start


def cut(sock, octets, start):
    """The same, but notices the end as soon as it comes."""
    ended = []

    def listen():
        try:
            while sock.recv(65536):
                pass
        except (OSError, ssl.SSLError):
            pass
        ended.append(time.time() - start)
    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    alive = drip(sock.sendall, octets, start)
    return min(ended + [alive])


def handshake():
    out = ssl.MemoryBIO()
    machine = context().wrap_bio(ssl.MemoryBIO(), out)
    try:
        machine.do_handshake()
    except ssl.SSLWantReadError:
        pass
    start = time.time()
    return cut(dial(PORT), out.read(), start)


def silent():
    sock, start = dial(PORT), time.time()
    receive(sock)
    return time.time() - start


def head():
    start = time.time()
    return cut(connect(PORT), CACERTS, start)


def second_head():
    sock = connect(PORT)
    sock.sendall(CACERTS)
    check(Answer(sock).status == 200, "the first of two")
    return cut(sock, CACERTS, time.time())


def body():
    sock = connect(PORT)
    octets = enroll(AUTH, body=b"x" * 900)
    at = octets.index(b"\r\n\r\n") + 4
    sock.sendall(octets[:at])
    return cut(sock, octets[at:], time.time())


def swallowed_body():
    sock = connect(PORT)
    octets = enroll(body=b"x" * 900)
    at = octets.index(b"\r\n\r\n") + 4
    sock.sendall(octets[:at])
    return cut(sock, octets[at:], time.time())


def reader():
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.settimeout(15)
    plain.connect(("127.0.0.1", PORT))
    sock = context().wrap_socket(plain, server_hostname="localhost")
    sock.sendall(request("GET", EST + "/big/cacerts", HOST))
    below = socket.socket(fileno=os.dup(sock.fileno()))
    below.settimeout(15)
    start, got = time.time(), 0
    # Some octets are taken, so that it is not silence.
    while time.time() - start < (4 if CONTROL else REPLY + 1):
        time.sleep(0.2)
        got += len(below.recv(2000))
    # What was on its way still comes; the rest does not.
    more = b"."
    while more and got < BIG:
        more = below.recv(65536)
        got += len(more)
    whole = got >= BIG
    check(whole == CONTROL, "reader: got %d octets" % got)
    return 4 if CONTROL else REPLY


BIG = 16000000
CONTROL = HEAD == 0
results = {}


def run(what):
    results[what] = what()


CASES = [(handshake, HEAD), (head, HEAD), (second_head, IDLE + HEAD),
         (body, BODY), (swallowed_body, BODY), (reader, REPLY)]
if not CONTROL:
    CASES.append((silent, HEAD))
threads = [threading.Thread(target=run, args=(what,)) for what, _ in CASES]
for thread in threads:
    thread.start()
while any(thread.is_alive() for thread in threads):
    start = time.time()
    answer, _ = talk(PORT, CACERTS)
    check(answer.status == 200, "a good client meanwhile")
    check(time.time() - start < 1.5, "a good client waits")
for what, deadline in CASES:
    lived = results[what]
    if CONTROL:
        check(lived >= 4, "%s: ended after %.1f s" % (what.__name__, lived))
    else:
        check(deadline - 0.5 < lived < deadline + 1.2,
              "%s: lived %.1f s, deadline %d s" %
              (what.__name__, lived, deadline))
finish()
