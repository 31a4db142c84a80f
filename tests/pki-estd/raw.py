"""What the tests here say to a server octet by octet.

Connections by TLS to 127.0.0.1, answers read as they are framed.
"""
import http.client
import socket
import ssl
import struct
import sys
import time

EST = "/.well-known/est"
TOKEN = "abc123.abcdefghijklmnopqrstuvwxyz"
AUTH = "Authorization: Bearer " + TOKEN
HOST = "Host: localhost"
TYPE = "Content-Type: application/pkcs10"
failures = []


def check(good, what):
    if not good:
        failures.append(what)
        print("FAILED: " + what)


def finish():
    sys.exit(1 if failures else 0)


def context(verify=True):
    made = ssl.create_default_context(cafile="ca.pem")
    made.check_hostname = False
    if not verify:
        made.verify_mode = ssl.CERT_NONE
    return made


def dial(port, source="127.0.0.1", before=b"", pause=0, timeout=15):
    """A TCP connection; before goes out in pieces with a pause between."""
    sock = socket.socket()
    sock.settimeout(timeout)
    sock.bind((source, 0))
    sock.connect(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for piece in (before if isinstance(before, list) else [before]):
        if piece:
            sock.sendall(piece)
            time.sleep(pause)
    return sock


def connect(port, **options):
    return context().wrap_socket(dial(port, **options),
                                 server_hostname="localhost")


class Answer:
    """One answer: status 0 when the connection ended without."""

    def __init__(self, sock, rest=b"", head=False):
        self.status, self.headers, self.body = 0, {}, b""
        data = rest
        while b"\r\n\r\n" not in data:
            more = receive(sock)
            if not more:
                self.rest = data
                return
            data += more
        text, _, data = data.partition(b"\r\n\r\n")
        lines = text.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1])
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers[name.lower()] = value.strip()
        length = 0 if head else int(self.headers.get("content-length", 0))
        while len(data) < length:
            more = receive(sock)
            if not more:
                break
            data += more
        self.body, self.rest = data[:length], data[length:]

    def closes(self):
        return self.headers.get("connection", "").lower() == "close"


class Client(http.client.HTTPSConnection):
    """To 127.0.0.1, and the server has to be localhost."""

    def __init__(self, port, made, timeout=15):
        super().__init__("localhost", port, timeout=timeout, context=made)
        self.made = made

    def connect(self):
        plain = dial(self.port, timeout=self.timeout)
        self.sock = self.made.wrap_socket(plain, server_hostname=self.host)


def receive(sock):
    try:
        return sock.recv(65536)
    except (ssl.SSLError, ConnectionError):
        return b""


def is_closed(sock):
    """Does the peer end the connection by itself?"""
    sock.settimeout(0.3)
    try:
        return sock.recv(1) == b""
    except (ssl.SSLEOFError, ConnectionError):
        return True
    except (ssl.SSLError, OSError):
        return False


def request(method, path, *headers, body=b"", version="HTTP/1.1"):
    lines = ["%s %s %s" % (method, path, version)] + list(headers)
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def enroll(*headers, path=EST + "/simpleenroll", body=b"x" * 900):
    return request("POST", path, HOST, TYPE,
                   "Content-Length: %d" % len(body), *headers, body=body)


def talk(port, octets, **options):
    """One request on its own connection; (answer, was it closed)."""
    with connect(port, **options) as sock:
        try:
            sock.sendall(octets)
        except (ssl.SSLError, ConnectionError):
            pass
        answer = Answer(sock, head=octets.startswith(b"HEAD"))
        return answer, is_closed(sock)


def proxy_header(command=0x21, family=0x11, block=None, length=None):
    if block is None:
        block = socket.inet_aton("10.1.2.3") + socket.inet_aton("10.0.0.1")
        block += struct.pack("!HH", 4660, 443)
    if length is None:
        length = len(block)
    return (b"\r\n\r\n\0\r\nQUIT\n" + bytes([command, family]) +
            struct.pack("!H", length) + block)
