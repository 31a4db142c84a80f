"""Clients that want the server to work for nothing: PORT TOKEN PID...

Odd keys in requests, odd certificates in handshakes, odd records and lines of
HTTP.  Each gets its status, and costs no more than a few good enrollments;
what each costs of all the processes' CPU time is printed.
"""
import base64
import os
import subprocess

from raw import *

PORT, TOKEN, PIDS = int(sys.argv[1]), sys.argv[2], [int(p) for p in
                                                    sys.argv[3:]]
TIMES = 20
MOST = 4                # times a good one


def cpu():
    """Seconds, of the processes and all their threads."""
    return sum(time.clock_gettime(~pid << 3 | 2) for pid in PIDS)


# ---- requests for certificates, by hand ----

def der(tag, *parts):
    body = b"".join(parts)
    size = len(body)
    if size < 128:
        return bytes([tag, size]) + body
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + body


def oid(text):
    return der(6, bytes.fromhex(text))


RSA = der(0x30, oid("2a864886f70d010101"), der(5))
RSA_SHA256 = der(0x30, oid("2a864886f70d01010b"), der(5))
EC = der(0x30, oid("2a8648ce3d0201"), oid("2a8648ce3d030107"))
ECDSA_SHA256 = der(0x30, oid("2a8648ce3d040302"))


def csr_of(key, algorithm, signature):
    name = der(0x30, der(0x31, der(0x30, oid("550403"),
                                   der(0x0c, b"meter-1"))))
    info = der(0x30, der(2, b"\0"), name, key, der(0xa0))
    return der(0x30, info, algorithm, der(3, b"\0" + signature))


def rsa(bits, exponent):
    modulus = b"\0" + os.urandom(bits // 8 - 1) + b"\1"
    modulus = b"\0\xff" + modulus[2:]
    key = der(0x30, RSA, der(3, b"\0" + der(
        0x30, der(2, modulus), der(2, exponent))))
    return csr_of(key, RSA_SHA256, os.urandom(bits // 8))


def ec(point):
    key = der(0x30, EC, der(3, b"\0" + point))
    number = der(2, b"\1" * 32)
    return csr_of(key, ECDSA_SHA256, der(0x30, number, number))


def read(name):
    with open(name, "rb") as file:
        return file.read()


def post(csr, made=None):
    body = base64.encodebytes(csr)
    head = "Authorization: Bearer " + TOKEN
    plain = dial(PORT)
    with (made or context()).wrap_socket(
            plain, server_hostname="localhost") as sock:
        sock.sendall(enroll(head, body=body))
        return Answer(sock).status


def say(octets, made=None, one_by_one=False):
    """The first status, of a connection of its own."""
    with (made or context()).wrap_socket(
            dial(PORT), server_hostname="localhost") as sock:
        try:
            for piece in ([octets[i:i + 1] for i in range(len(octets))]
                          if one_by_one else [octets]):
                sock.sendall(piece)
        except (ssl.SSLError, ConnectionError):
            pass
        return Answer(sock).status


def with_cert(name):
    made = context()
    made.load_cert_chain(name, "client.key")
    return made


def get_with(name):
    """cacerts, with this certificate; 0 when TLS ends it."""
    try:
        return say(request("GET", EST + "/cacerts", HOST), with_cert(name))
    except (ssl.SSLError, ConnectionError):
        return 0


def reenroll_with(name):
    try:
        return say(enroll(path=EST + "/simplereenroll",
                          body=base64.encodebytes(read("good.der"))),
                   with_cert(name))
    except (ssl.SSLError, ConnectionError):
        return 0


def with_alpn():
    made = context()
    made.set_alpn_protocols(["h2"])
    return say(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", made)


def two_in_one_record():
    one = request("GET", EST + "/cacerts", HOST)
    with connect(PORT) as sock:
        sock.sendall(one + one)
        first = Answer(sock)
        second = Answer(sock, first.rest)
        return first.status if first.status == second.status else 0


def key_updates(count):
    """One after the other, each wants one back; does it live on?"""
    run = subprocess.Popen(
        ["openssl", "s_client", "-connect", "127.0.0.1:%d" % PORT, "-tls1_3",
         "-CAfile", "ca.pem"], stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        for _ in range(count):
            run.stdin.write(b"K\n")
            run.stdin.flush()
            while True:
                line = run.stderr.readline()
                if not line:
                    return False
                if line.startswith(b"KEYUPDATE"):
                    break
        return True
    except BrokenPipeError:
        return False
    finally:
        run.kill()
        run.wait()


GOOD_RSA = b"\1\0\1"
CASES = [
    ("RSA of 16384 bits", lambda: post(rsa(16384, GOOD_RSA)), (400, 403)),
    ("RSA of 32768 bits", lambda: post(rsa(32768, GOOD_RSA)), (400, 403)),
    ("RSA, exponent of 8 KiB",
     lambda: post(rsa(2048, b"\1" * 8192)), (400, 403)),
    ("RSA 4096, exponent of its length",
     lambda: post(rsa(4096, b"\1" * 512)), (400, 403)),
    ("EC, a point off the curve",
     lambda: post(ec(b"\4" + b"\1" * 64)), (403,)),
    ("EC, no point", lambda: post(ec(b"\0")), (403,)),
    ("EC, compressed", lambda: post(ec(b"\2" + b"\1" * 32)), (403,)),
    ("P-521", lambda: post(read("p521.der")), (403,)),
    ("Ed25519", lambda: post(read("ed25519.der")), (403,)),
    ("100 intermediates", lambda: get_with("chain.crt"), (0, 200)),
    ("100 intermediates, to enroll",
     lambda: reenroll_with("chain.crt"), (0, 400, 403)),
    ("a certificate of 60 KiB", lambda: get_with("large.crt"), (0, 200)),
    ("a certificate of 60 KiB, to enroll",
     lambda: reenroll_with("large.crt"), (0, 400, 403)),
    # Its token counts, whatever TLS was shown.
    ("a certificate of 60 KiB, and a token",
     lambda: post(GOOD, with_cert("large.crt")), (200,)),
    ("100 intermediates, and a token",
     lambda: post(GOOD, with_cert("chain.crt")), (200,)),
    ("names of UTF-16", lambda: reenroll_with("utf16.crt"), (403,)),
    ("names with NUL", lambda: reenroll_with("nul.crt"), (403,)),
    ("h2", with_alpn, (0, 400, 404, 505)),
    ("HTTP/0.9", lambda: say(b"GET /\r\n\r\n"), (0, 400, 505)),
    ("HTTP/9.9", lambda: say(request("GET", EST + "/cacerts", HOST,
                                     version="HTTP/9.9")), (0, 400, 505)),
    ("lower case", lambda: say(request("get", EST + "/cacerts", HOST)),
     (400, 405)),
    ("two in one record", two_in_one_record, (200,)),
    ("an octet a record", lambda: say(request("GET", EST + "/cacerts", HOST),
                                      one_by_one=True), (200,)),
]


def measure(act):
    """The statuses, and ms of CPU each."""
    act()
    began = cpu()
    got = {act() for _ in range(TIMES)}
    return got, (cpu() - began) * 1000 / TIMES


GOOD = read("good.der")
got, good = measure(lambda: post(GOOD))
check(got == {200}, "a good one: %s" % got)
print("%-36s %7.2f ms" % ("a good enrollment", good))
for case, act, wanted in CASES:
    got, each = measure(act)
    print("%-36s %7.2f ms  %s" % (case, each, sorted(got)))
    check(got <= set(wanted), "%s: %s, wanted %s" % (case, got, wanted))
    check(each <= MOST * good + 1, "%s: %.2f ms, a good one %.2f" %
          (case, each, good))
began = cpu()
lives = key_updates(2000)
spent = (cpu() - began) * 1000
print("%-36s %7.2f ms%s" % ("2000 key updates", spent,
                            "" if lives else ", and it is ended"))
check(spent <= 2000 * good, "key updates: %.2f ms" % spent)
check(post(GOOD) == 200, "a good one afterwards")
finish()
