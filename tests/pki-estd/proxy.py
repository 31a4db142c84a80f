"""PROXY protocol, version 2: PORT of a server that believes 127.0.0.1."""
from raw import *

PORT = int(sys.argv[1])
POST = enroll(AUTH)
V6 = (socket.inet_pton(socket.AF_INET6, "2001:db8::7") +
      socket.inet_pton(socket.AF_INET6, "2001:db8::1") +
      struct.pack("!HH", 4660, 443))
HEADER = proxy_header()
GOOD = [
    ("TCP over IPv4", HEADER, b"from=10.1.2.3 "),
    ("TCP over IPv6", proxy_header(family=0x21, block=V6),
     b"from=2001:db8::7 "),
    ("LOCAL", proxy_header(command=0x20, family=0, block=b""),
     b"from=127.0.0.1 "),
    ("in pieces", [HEADER[:5], HEADER[5:17], HEADER[17:]],
     b"from=10.1.2.3 "),
    ("more fields", proxy_header(block=HEADER[16:] + b"\x03\0\4abcd"),
     b"from=10.1.2.3 "),
]
for name, before, address in GOOD:
    answer, _ = talk(PORT, POST, before=before, pause=0.05)
    check(answer.status == 200 and address in answer.body,
          "%s: %d %s" % (name, answer.status, answer.body))
BAD = [
    ("version 1", b"PROXY TCP4 10.1.2.3 10.0.0.1 4660 443\r\n"),
    ("another version", proxy_header(command=0x11)),
    ("unknown command", proxy_header(command=0x22)),
    ("UDP", proxy_header(family=0x12)),
    ("unknown family", proxy_header(family=0)),
    ("short addresses", proxy_header(block=b"\n\1\2\3")),
    ("too long", proxy_header(length=60000)),
    ("HTTP", b"GET / HTTP/1.1\r\n\r\n" + b"x" * 20),
    ("half a header", HEADER[:20]),
]
for name, before in BAD:
    with dial(PORT, before=before) as sock:
        sock.settimeout(5)
        start = time.time()
        try:
            got = sock.recv(1)
        except ConnectionError:
            got = b""
        check(got == b"", name + ": octets came")
        check(time.time() - start < 4, name + ": took long")


def refused(what, **options):
    try:
        answer, _ = talk(PORT, POST, **options)
        check(answer.status == 0, what)
    except (OSError, ssl.SSLError):
        pass


refused("TLS without a header")
refused("a header of a stranger", source="127.0.0.2", before=HEADER)
answer, _ = talk(PORT, POST, source="127.0.0.2")
check(answer.status == 200 and b"from=127.0.0.2 " in answer.body,
      "a stranger without a header")
finish()
