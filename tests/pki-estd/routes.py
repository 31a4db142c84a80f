"""Every route, method and type without authentication: none is answered with
more than a refusal (G26); and which answers keep their connection."""
from raw import *

PORT = int(sys.argv[1])
GET = ["cacerts", "csrattrs"]
POST = ["simpleenroll", "simplereenroll"]
OTHER = ["serverkeygen", "fullcmc", "", "cacert", "CACERTS", "cacerts/"]
LABELS = ["", "meter/", "unknown/", "cacerts/", "meter/meter/"]
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH",
           "TRACE", "get"]
TYPES = [None, "application/pkcs10", "application/PKCS10; a=b",
         "application/pkcs7-mime", "text/plain"]


def expected(label, name, method, mime):
    """Status and Allow, said in another way than the server does."""
    if name not in GET + POST or label not in ("", "meter/"):
        return 404, None
    if name in GET:
        return (200, None) if method in ("GET", "HEAD") else \
            (405, "GET, HEAD")
    if method != "POST":
        return 405, "POST"
    if mime is None or not mime.lower().startswith("application/pkcs10"):
        return 415, None
    return (401 if name == "simpleenroll" else 403), None


def each(name, label):
    sock, rest, n = None, b"", 0
    for method in METHODS:
        for mime in TYPES:
            path = "%s/%s%s" % (EST, label, name)
            headers = [HOST] + (["Content-Type: " + mime] if mime else [])
            body = b""
            if method not in ("GET", "HEAD", "get", "TRACE", "OPTIONS"):
                body = b"x" * 300
                headers.append("Content-Length: 300")
            if sock is None:
                sock, rest = connect(PORT), b""
            sock.sendall(request(method, path, *headers, body=body))
            answer = Answer(sock, rest, head=method == "HEAD")
            rest = answer.rest
            what = "%s %s %s" % (method, path, mime)
            status, allow = expected(label, name, method, mime)
            check(answer.status == status,
                  "%s: %d, wanted %d" % (what, answer.status, status))
            check(answer.headers.get("allow") == allow, what + ": Allow")
            check(answer.closes() == (status not in (200, 401, 404)),
                  what + ": closes")
            if status == 401:
                check(answer.headers.get("www-authenticate") ==
                      'Basic realm="est"', what + ": no challenge")
                check(answer.headers.get("content-length") == "0",
                      what + ": a body")
            else:
                check("www-authenticate" not in answer.headers,
                      what + ": challenge")
            if answer.closes():
                check(is_closed(sock), what + ": not closed")
                sock = None
            n += 1
    return n


combinations = 0
for label in LABELS:
    for name in GET + POST + (OTHER if label in ("", "meter/") else []):
        combinations += each(name, label)
print("guarantee=G26 n=%d issued=0" % combinations)
check(combinations >= 500, "only %d combinations" % combinations)

# One connection through answers that keep it, then one that does not.
with connect(PORT) as sock:
    rest = b""
    for octets, status in [
            (request("GET", EST + "/cacerts", HOST), 200),
            (request("GET", "/nowhere", HOST), 404),
            (request("POST", "/nowhere", HOST, "Content-Length: 9",
                     body=b"y" * 9), 404),
            (enroll(), 401),
            (enroll("Expect: 100-continue"), 401),
            (enroll("Authorization: Digest a=b"), 401),
            (enroll("Authorization: Bearer nothing"), 401),
            (enroll(AUTH.replace("abc123", "ABC123")), 401),
            (enroll(AUTH), 200)]:
        sock.sendall(octets)
        answer = Answer(sock, rest)
        if answer.status == 100:
            answer = Answer(sock, answer.rest)
        rest = answer.rest
        check(answer.status == status and not answer.closes(),
              "kept %s: %d, wanted %d" % (octets[:30], answer.status, status))
    # Two at once are answered in order.
    sock.sendall(enroll(AUTH) + request("GET", EST + "/cacerts", HOST))
    answer = Answer(sock)
    check(answer.body.startswith(b"version="), "pipelined: first")
    check(Answer(sock, answer.rest).body == b"cacerts\n", "pipelined: second")
finish()
