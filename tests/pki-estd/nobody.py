"""nobody.py PORT STATUS-PORT TOKEN: what nobody may do.

A good request of a registered device, by each path, method and media type,
without what would let it in, or with what lets nobody in.  None is issued;
by its token it is, after all of that (G26).
"""
import itertools
import sqlite3
from raw import *

PORT, STATUS_PORT, GOOD = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
LABELS = ["", "auditor/", "broker/", "issuing-ca/", "est-server/", "nobody/"]
NAMES = ["cacerts", "csrattrs", "simpleenroll", "simplereenroll",
         "serverkeygen", "fullcmc"]
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH",
           "TRACE", "post"]
TYPES = [None, "application/pkcs10", "Application/PKCS10; a=b",
         "application/pkcs7-mime", "text/plain"]
# What is no token: for the paths that take one.
SHOWN = [
    "Basic Og==", "Basic YWRtaW46YWRtaW4=", "Bearer ", "Bearer null",
    "Bearer " + TOKEN, "Bearer " + GOOD[:-1], "Bearer " + GOOD + "a",
    "Bearer " + GOOD.upper(), "Bearer " + GOOD.split(".")[0],
    "Bearer %s.%s" % (GOOD.split(".")[0], "a" * 26), "Negotiate YQ==",
    "Digest username=\"meter-1\"", "Bearer %s %s" % (GOOD, GOOD),
]
# Headers by which others let one in.
CLAIMS = [
    "X-SSL-Client-Verify: SUCCESS", "X-Forwarded-User: meter-1",
    "X-Client-Cert: MIIB", "Forwarded: for=127.0.0.1",
    "X-HTTP-Method-Override: POST", "Cookie: token=" + GOOD,
    "X-Original-URL: %s/simpleenroll" % EST, "Proxy-Authorization: Bearer " +
    GOOD,
]


def count_certs():
    with sqlite3.connect("file:ca/ca.db?mode=ro", uri=True) as store:
        return store.execute("SELECT count(*) FROM cert").fetchone()[0]


with open("meter-1.b64", "rb") as lines:
    CSR = lines.read()


class Asker:
    """Keeps its connection as long as the server does."""

    def __init__(self, client=None):
        self.sock, self.rest, self.client = None, b"", client

    def ask(self, method, path, *headers):
        if self.sock is None:
            made = context()
            if self.client:
                made.load_cert_chain(self.client + ".pem",
                                     self.client + ".key")
            self.sock, self.rest = made.wrap_socket(
                dial(PORT), server_hostname="localhost"), b""
        self.sock.sendall(request(method, path, HOST, "Content-Length: %d" %
                                  len(CSR), *headers, body=CSR))
        answer = Answer(self.sock, self.rest, head=method == "HEAD")
        self.rest = answer.rest
        if answer.closes() or answer.status == 0:
            self.sock.close()
            self.sock = None
        return answer


def look(what, answer, allowed):
    check(answer.status in allowed, "%s: %d" % (what, answer.status))


def each_route(asker):
    n = 0
    for label, name, method, mime in itertools.product(
            LABELS, NAMES, METHODS, TYPES):
        path = "%s/%s%s" % (EST, label, name)
        answer = asker.ask(method, path,
                           *(["Content-Type: " + mime] if mime else []))
        reads = name in NAMES[:2] and method in ("GET", "HEAD")
        look("%s %s %s" % (method, path, mime), answer,
             # A body with GET is refused, or passed over.
             (200, 204, 400, 404, 413) if reads else
             (400, 401, 403, 404, 405, 413, 415, 501))
        n += 1
    return n


def each_credential():
    n = 0
    askers = [Asker(), Asker("meter"), Asker("server-1")]
    for asker, label, name, header in itertools.product(
            askers, LABELS[:2], NAMES[2:4],
            ["Authorization: " + shown for shown in SHOWN] + CLAIMS):
        path = "%s/%s%s" % (EST, label, name)
        look("%s %s %s" % (asker.client, path, header),
             asker.ask("POST", path, TYPE, header), (400, 401, 403, 429))
        n += 1
    return n


def each_at_the_other_door():
    """That of monitoring: it has no TLS, and nothing to give."""
    n = 0
    for name, method in itertools.product(NAMES, METHODS):
        with socket.create_connection(("127.0.0.1", STATUS_PORT),
                                      timeout=15) as sock:
            sock.sendall(request(method, "%s/%s" % (EST, name), HOST, TYPE,
                                 "Content-Length: %d" % len(CSR),
                                 "Authorization: Bearer " + GOOD, body=CSR))
            look("status: %s %s" % (method, name),
                 Answer(sock, head=method == "HEAD"),
                 (400, 404, 405, 413, 501))
        n += 1
    return n


before = count_certs()
combinations = each_route(Asker()) + each_credential() + \
    each_at_the_other_door()
issued = count_certs() - before
print("guarantee=G26 n=%d issued=%d" % (combinations, issued))
check(combinations >= 500, "only %d combinations" % combinations)
check(issued == 0, "%d issued" % issued)
answer = Asker().ask("POST", EST + "/simpleenroll", TYPE,
                     "Authorization: Bearer " + GOOD)
check(answer.status == 200 and count_certs() == before + 1,
      "with its token: %d" % answer.status)
finish()
