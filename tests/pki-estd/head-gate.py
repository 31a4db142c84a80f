"""Heads that have no single meaning are refused, and end the connection."""
from raw import *

PORT = int(sys.argv[1])
CACERTS = EST + "/cacerts"


def get(*headers, path=CACERTS, version="HTTP/1.1", method="GET"):
    return request(method, path, *headers, version=version)


def swap(octets, old, new):
    assert old in octets
    return octets.replace(old, new, 1)


PLAIN = get(HOST, "Accept: */*")
POST = enroll(AUTH)
# name, octets, status (0: just closed)
REFUSED = [
    ("no Host", get(), 400),
    ("two Hosts", get(HOST, HOST), 400),
    ("bad Host", get("Host: a b"), 400),
    ("two lengths", swap(POST, b"Content-Length: 900\r\n",
                         b"Content-Length: 900\r\nContent-Length: 900\r\n"),
     400),
    ("two different lengths",
     swap(POST, b"Content-Length: 900\r\n",
          b"Content-Length: 9\r\nContent-Length: 900\r\n"), 400),
    ("length and chunked", enroll(AUTH, "Transfer-Encoding: chunked"), 400),
    ("two transfer codings", request(
        "POST", EST + "/simpleenroll", HOST, TYPE, AUTH,
        "Transfer-Encoding: chunked", "Transfer-Encoding: chunked",
        body=b"0\r\n\r\n"), 400),
    ("gzip, chunked", request(
        "POST", EST + "/simpleenroll", HOST, TYPE, AUTH,
        "Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"), 501),
    ("chunked by HTTP/1.0", request(
        "POST", EST + "/simpleenroll", HOST, TYPE, AUTH,
        "Transfer-Encoding: chunked", body=b"0\r\n\r\n",
        version="HTTP/1.0"), 400),
    ("space before the colon", get("Host : localhost", HOST), 400),
    ("space before the colon of a length",
     swap(POST, b"Content-Length:", b"Content-Length :"), 400),
    ("tab before the colon", get("X\t: y", HOST), 400),
    ("length +9", swap(POST, b"Length: 900", b"Length: +900"), 400),
    ("length 0x", swap(POST, b"Length: 900", b"Length: 0x384"), 400),
    ("length -1", swap(POST, b"Length: 900", b"Length: -1"), 400),
    ("length 9,9", swap(POST, b"Length: 900", b"Length: 900, 900"), 400),
    ("folded line", get(HOST, "X-A: b\r\n c"), 400),
    ("folded last line", get(HOST, "X-A: b\r\n\tc"), 400),
    ("folded first line", get("X-A: b\r\n c", HOST), 400),
    ("bare LF", swap(PLAIN, b"localhost\r\n", b"localhost\n"), 400),
    ("bare LF behind the request line", swap(PLAIN, b"1.1\r\n", b"1.1\n"),
     400),
    ("NUL in a value", get(HOST, "X-A: b\0c"), 400),
    ("NUL in the last value", get("X-A: b", "Host: local\0host"), 400),
    ("NULs behind the last value", get("X-A: b", HOST + 4 * "\0"), 400),
    ("NUL in a name", get(HOST, "X\0A: b"), 400),
    ("NUL in the method", get(HOST, method="GET\0X"), 400),
    ("NUL behind the path", get(HOST, path=CACERTS + "\0x"), 400),
    ("two spaces before the path", get(HOST, method="GET "), 400),
    ("two spaces behind the path", get(HOST, path=CACERTS + " "), 0),
    ("bare LF at the end", PLAIN[:-2] + b"\n", 400),
    ("control in a value", get(HOST, "X-A: b\x01c"), 400),
    ("CR in a value", get(HOST, "X-A: b\rc"), 400),
    ("empty name", get(HOST, ": b"), 400),
    ("41 headers", get(HOST, *["X-%d: y" % i for i in range(40)]), 431),
    ("5000 headers", get(HOST, *["X-%d: y" % i for i in range(5000)]), 431),
    ("long header", get(HOST, "X-A: " + "y" * 5000), 431),
    ("huge header", get(HOST, "X-A: " + "y" * 60000), 431),
    ("long path", get(HOST, path="/" + "a" * 300), 414),
    ("huge path", get(HOST, path="/" + "a" * 60000), 414),
    ("percent", get(HOST, path=EST + "/cacerts%00"), 400),
    ("%2e", get(HOST, path=EST + "/%2e%2e/est/cacerts"), 400),
    ("%0d%0a", get(HOST, path=CACERTS + "%0d%0aX-A:b"), 400),
    ("..", get(HOST, path=EST + "/../est/cacerts"), 400),
    ("double slash", get(HOST, path="//.well-known/est/cacerts"), 400),
    ("backslash", get(HOST, path=EST + "\\cacerts"), 400),
    ("query", get(HOST, path=CACERTS + "?a=b"), 400),
    ("empty query", get(HOST, path=CACERTS + "?"), 400),
    ("semicolon", get(HOST, path=CACERTS + ";a"), 400),
    ("fragment", get(HOST, path=CACERTS + "#a"), 400),
    ("no slash", get(HOST, path=".well-known/est/cacerts"), 400),
    ("asterisk", get(HOST, path="*", method="OPTIONS"), 400),
    ("foreign authority", get(HOST, path="https://other" + CACERTS), 400),
    ("http scheme", get(HOST, path="http://localhost" + CACERTS), 400),
    ("authority alone", get(HOST, path="https://localhost"), 400),
    ("HTTP/1.2", get(HOST, version="HTTP/1.2"), 505),
    ("HTTP/2.0", get(HOST, version="HTTP/2.0"), 505),
    ("HTTP/0.9", b"GET " + CACERTS.encode() + b"\r\n\r\n", 400),
    ("lower-case version", get(HOST, version="http/1.1"), 400),
    ("bad method", get(HOST, method="G@T"), 400),
    ("two Authorizations", enroll(AUTH, AUTH), 400),
    ("two types", enroll(AUTH, TYPE), 400),
    ("Expect", enroll(AUTH, "Expect: a-pony"), 417),
    ("Content-Encoding", enroll(AUTH, "Content-Encoding: gzip"), 415),
    ("garbage", b"\0\1\2\3\r\n\r\n", 0),
]
# From here on the head is clear, but the request does not fit.
ROUTES = [
    ("no length", request("POST", EST + "/simpleenroll", HOST, TYPE, AUTH),
     411),
    ("length 0", enroll(AUTH, body=b""), 400),
    ("too long", enroll(AUTH, body=b"x" * 40000), 413),
    ("4 MB", enroll(AUTH, body=b"x" * 4000000), 413),
    ("length 10^18", swap(POST, b"Length: 900",
                          b"Length: 1000000000000000000"), 413),
    ("a body for GET", request("GET", CACERTS, HOST, "Content-Length: 3",
                               body=b"abc"), 400),
    ("a chunked body for GET", request(
        "GET", CACERTS, HOST, "Transfer-Encoding: chunked",
        body=b"3\r\nabc\r\n0\r\n\r\n"), 400),
    ("empty chunked", request(
        "POST", EST + "/simpleenroll", HOST, TYPE, AUTH,
        "Transfer-Encoding: chunked", body=b"0\r\n\r\n"), 400),
    ("long chunked", request(
        "POST", EST + "/simpleenroll", HOST, TYPE, AUTH,
        "Transfer-Encoding: chunked",
        body=b"c000\r\n" + b"x" * 0xc000 + b"\r\n0\r\n\r\n"), 413),
    ("a chunk's size too big", request(
        "POST", EST + "/simpleenroll", HOST, TYPE, AUTH,
        "Transfer-Encoding: chunked",
        body=b"fffffffffffffffffff\r\nx\r\n0\r\n\r\n"), None),
    ("no type", request("POST", EST + "/simpleenroll", HOST, AUTH,
                        "Content-Length: 3", body=b"abc"), 415),
    ("another type", request(
        "POST", EST + "/simpleenroll", HOST, AUTH, "Content-Length: 3",
        "Content-Type: application/pkcs10x", body=b"abc"), 415),
]
for name, octets, status in REFUSED + ROUTES:
    answer, closed = talk(PORT, octets)
    if status is not None:
        check(answer.status == status,
              "%s: %d, wanted %d" % (name, answer.status, status))
    check(answer.status == 0 or answer.status >= 400,
          "%s: got %d" % (name, answer.status))
    check(closed, name + ": the connection goes on")
    # libmicrohttpd writes pages of its own for what it refuses itself.
    check(b"<" not in answer.body or answer.status in (400, 414, 431, 505) or
          status is None, name + ": HTML")

GOOD = [
    ("plain", PLAIN),
    ("absolute form", get(HOST, path="https://localhost" + CACERTS)),
    ("absolute form, other case",
     get(HOST, path="HTTPS://LocalHost" + CACERTS)),
    ("HTTP/1.0 without Host", get(version="HTTP/1.0")),
    ("length 0", get(HOST, "Content-Length: 0")),
    ("40 headers", get(HOST, *["X-%d: y" % i for i in range(39)])),
    ("long headers", get(HOST, *["X-%d: %s" % (i, "y" * 3000)
                                 for i in range(7)])),
    ("empty value", get(HOST, "X-A:", "X-B: ")),
    ("space around a value", get("Host:   localhost \t")),
    ("cookie", get(HOST, "Cookie: a=b; c=d", "X-A: e")),
    ("enroll", enroll(AUTH)),
]
for name, octets in GOOD:
    answer, _ = talk(PORT, octets)
    check(answer.status == 200, "%s: %d, wanted 200" % (name, answer.status))
    # The same in pieces, so that the parser sees each line come late.
    with connect(PORT) as sock:
        for at in range(0, len(octets), 997):
            sock.sendall(octets[at:at + 997])
            time.sleep(0.003)
        check(Answer(sock).status == 200, name + ": in pieces")

# A request behind chunks, whose ends others may see elsewhere, is not read.
CHUNKED = request("POST", EST + "/simpleenroll", HOST, TYPE, AUTH,
                  "Transfer-Encoding: chunked")
for name, body in [("chunks", b"3\r\nabc\r\n0\r\n\r\n"),
                   ("chunks with bare LF", b"3\nabc\n0\n\n")]:
    with connect(PORT) as sock:
        sock.sendall(CHUNKED + body + PLAIN)
        first = Answer(sock)
        check(first.status == 200, "%s: %d" % (name, first.status))
        check(first.closes(), name + ": the connection stays")
        check(Answer(sock, first.rest).status == 0, name + ": two answers")

# A second request behind a refused one is never answered.
for name, octets, _ in REFUSED:
    with connect(PORT) as sock:
        try:
            sock.sendall(octets + PLAIN)
            first = Answer(sock)
            second = Answer(sock, first.rest)
            check(second.status == 0, name + ": a second answer")
        except (ssl.SSLError, ConnectionError):
            pass
finish()
