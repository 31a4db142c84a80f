"""reenroll.py PORT LOG: the matrix of G25.

Each row is sent on a connection of its own.  A bad one must get its status
and rule, and leave as many certificates on record as there were; a good one
adds exactly one, which has the names of the one before.
"""
import base64
import collections
import http.client
import json
import socket
import sqlite3
import ssl
import subprocess
import sys

PORT, LOG = int(sys.argv[1]), sys.argv[2]
EST = "/.well-known/est/"
O, SAN = "/O=Example Ltd", "DNS:node-1.example,IP:10.0.0.1"
UNIQUE = "MDEyMzQ1Njc4OWFi"

CONF = """[req]
prompt = no
string_mask = %s
attributes = given
distinguished_name = dn
[dn]
O = Example Ltd
CN = node-1
[given]
"""
LINKING = "challengePassword = %s\n"

# cert: whose certificate and key TLS shows.  key: of the request; None: a new
# one.  subject, san, more, mask, linking: of the request.
Case = collections.namedtuple(
    "Case", "what cert key subject san more mask linking broken path token "
    "version status rule",
    defaults=("node-1", None, O + "/CN=node-1", SAN, (), "utf8only", None,
              False, "simplereenroll", None, None, 200, None))


def by(what, cert, rule, **how):
    """A good request by a certificate that is none."""
    return Case(what, cert=cert, status=403, rule=rule, **how)


def bad(what, status, rule, **how):
    return Case(what, status=status, rule=rule, **how)


def own(name, **how):
    """A good request of another node."""
    return dict(cert=name, subject=O + "/CN=" + name,
                san="DNS:%s.example,IP:10.0.0.1" % name, **how)


def subject(what, text):
    return bad(what, 403, "renew-subject", subject=text)


def names(what, san):
    return bad(what, 403, "renew-alt-names", san=san)


BAD = [
    by("no certificate", None, "certificate-missing"),
    by("self-signed, with its names and serial", "twin-self",
       "credential-issuer"),
    by("by another CA of the same name", "twin-other", "credential-issuer"),
    by("the same of its own key", "twin-key", "credential-issuer"),
    by("below an intermediate that is not ours", "middle-leaf",
       "credential-issuer"),
    by("by itself, as if it were a CA", "below-leaf", "credential-issuer"),
    by("its serial, other octets, by the CA's key", "twin-der",
       "credential-record"),
    by("by the CA's key, not on record", "unknown", "credential-record"),
    by("a CA's", "a-ca", "credential-purpose"),
    by("without a usage", "no-usage", "credential-purpose"),
    bad("a server's", 403, "credential-purpose", **own("listener")),
    bad("revoked", 403, "credential-revoked", **own("revoked")),
    bad("on hold", 403, "credential-held", **own("held")),
    bad("of a blocked key", 403, "credential-revoked", **own("blocked")),
    bad("of a device on hold", 403, "credential-held", **own("on-hold")),
    bad("of a retired device", 403, "credential-revoked", **own("retired")),
    bad("of a replaced device", 403, "credential-revoked",
        **own("replaced")),
    bad("expired beyond its grace", 403, "credential-expired",
        **own("beyond")),
    bad("expired, at simpleenroll", 403, "credential-expired",
        path="simpleenroll", **own("late-proof")),
    bad("not yet valid", 403, "credential-early", **own("early")),
    bad("a sibling's name and host", 403, "renew-subject", cert="node-1",
        subject=O + "/CN=node-2", san="DNS:node-2.example,IP:10.0.0.1"),
    subject("a sibling's name", O + "/CN=node-2"),
    subject("a part more", O + "/OU=Meters/CN=node-1"),
    subject("a part less", "/CN=node-1"),
    subject("another order", "/CN=node-1" + O),
    bad("all in one part", 400, "name", subject=O + "+CN=node-1"),
    subject("another organization", "/O=Example GmbH/CN=node-1"),
    subject("no subject", "/"),
    names("a host more", SAN + ",DNS:more.example"),
    names("a host less", "IP:10.0.0.1"),
    names("no host", None),
    names("another host", "DNS:node-2.example,IP:10.0.0.1"),
    names("any host", "DNS:*.n.example,IP:10.0.0.1"),
    names("another address", "DNS:node-1.example,IP:10.0.0.2"),
    bad("a CA", 403, "basic-constraints",
        more=("basicConstraints=critical,CA:TRUE",)),
    bad("a signer of certificates", 403, "key-usage",
        more=("keyUsage=keyCertSign",)),
    bad("a server", 403, "extended-usage",
        more=("extendedKeyUsage=serverAuth",)),
    bad("a blocked key", 403, "key-blocked", key="blocked"),
    bad("a sibling's key", 409, "key-in-use", key="node-2"),
    bad("a short key", 403, "key-size", key="short"),
    bad("a signature that is none", 400, "proof-of-possession", broken=True),
    bad("another connection's proof", 400, "linking", linking=UNIQUE),
    bad("a label of another profile", 403, "profile-change",
        path="auditor/simplereenroll"),
    bad("a label of nobody", 404, "not-found", path="nobody/simplereenroll"),
    bad("a token in the place of a certificate", 403, "certificate-missing",
        cert=None, token="token-3"),
    bad("another device's token beside it, its name", 403, "renew-subject",
        token="token-3", subject=O + "/CN=node-3"),
    bad("another device's token at simpleenroll", 403, "subject",
        token="token-3", path="simpleenroll"),
]
GOOD = [
    Case("a new key"),
    Case("a new key, TLS 1.2", version=ssl.TLSVersion.TLSv1_2),
    Case("its own key", key="same-13", version=ssl.TLSVersion.TLSv1_3,
         **own("same-13")),
    Case("its own key, TLS 1.2", key="same-12",
         version=ssl.TLSVersion.TLSv1_2, **own("same-12")),
    Case("PrintableString", mask="default"),
    Case("another case", subject="/O=EXAMPLE LTD/CN=NODE-1"),
    Case("more space", subject="/O= Example  Ltd /CN=node-1"),
    Case("another order of hosts", san="IP:10.0.0.1,DNS:node-1.example"),
    Case("a host in upper case", san="DNS:NODE-1.EXAMPLE,IP:10.0.0.1"),
    Case("what it has anyway", more=("keyUsage=digitalSignature",
                                     "basicConstraints=CA:FALSE")),
    Case("its label", path="node/simplereenroll"),
    Case("by certificate at simpleenroll", path="simpleenroll"),
    Case("proof of its connection", linking="own",
         version=ssl.TLSVersion.TLSv1_2),
    Case("expired within its grace", **own("late")),
    Case("the same with its own key", key="late-key", **own("late-key")),
    Case("released from hold", **own("released")),
    Case("beside another device's token", token="token-3"),
]


def run(*words, octets=None):
    return subprocess.run(words, input=octets, check=True,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout


def make_request(case, linking):
    key = case.key
    if key is None:
        key = "fresh"
        run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout",
            "-out", "fresh.key")
    with open("request.conf", "w", encoding="ascii") as conf:
        conf.write(CONF % case.mask)
        if linking:
            conf.write(LINKING % linking)
    words = ["openssl", "req", "-new", "-config", "request.conf", "-key",
             key + ".key", "-outform", "der"]
    # With -subj there are no attributes.
    if not linking:
        words += ["-subj", case.subject]
    for text in (("subjectAltName=" + case.san,) if case.san else ()) + \
            case.more:
        words += ["-addext", text]
    der = bytearray(run(*words))
    if case.broken:
        der[-1] ^= 1
    return base64.b64encode(der)


def count_certs():
    with sqlite3.connect("file:ca/ca.db?mode=ro", uri=True) as store:
        return store.execute("SELECT count(*) FROM cert").fetchone()[0]


def send(case):
    context = ssl.create_default_context(cafile="ca.pem")
    if case.version:
        context.minimum_version = context.maximum_version = case.version
    if case.cert:
        context.load_cert_chain(case.cert + ".pem", case.cert + ".key")
    client = http.client.HTTPSConnection("localhost", PORT)
    # The name is checked, but need not have an address here.
    client.sock = context.wrap_socket(
        socket.create_connection(("127.0.0.1", PORT), timeout=20),
        server_hostname="localhost")
    linking = case.linking
    if linking == "own":
        linking = base64.b64encode(
            client.sock.get_channel_binding("tls-unique")).decode()
    headers = {"Content-Type": "application/pkcs10"}
    if case.token:
        with open(case.token, encoding="ascii") as text:
            headers["Authorization"] = "Bearer " + text.read().strip()
    client.request("POST", EST + case.path, make_request(case, linking),
                   headers)
    answer = client.getresponse()
    body = answer.read()
    client.close()
    return answer.status, body


def names_of(pem):
    lines = run("openssl", "x509", "-noout", "-subject", "-nameopt",
                "RFC2253", "-ext", "subjectAltName", octets=pem)
    subject_line, _, hosts = lines.partition(b"\n")
    return subject_line, sorted(hosts.split(b"\n")[1].strip().split(b", "))


def check(case):
    """What is wrong; None: nothing."""
    before = count_certs()
    status, body = send(case)
    added = count_certs() - before
    rule = body.split(b" ")[0].decode() if status != 200 else None
    if (status, rule, added) != (case.status, case.rule,
                                 int(case.status == 200)):
        return "%d %s, %d issued, wanted %d %s %r" % (
            status, rule, added, case.status, case.rule, body[:200])
    if status != 200:
        return None
    pem = run("openssl", "pkcs7", "-inform", "der", "-print_certs",
              octets=base64.b64decode(body))
    with open(case.cert + ".pem", "rb") as stored:
        if names_of(pem) != names_of(stored.read()):
            return "other names"
    return None


def main():
    before, bad_ones = count_certs(), 0
    done = {}
    for kind, cases in (("bad", BAD), ("good", GOOD)):
        done[kind] = 0
        for case in cases:
            wrong = check(case)
            if wrong:
                print("FAILED: %s, %s: %s" % (kind, case.what, wrong))
            else:
                done[kind] += 1
        if kind == "bad":
            bad_ones = count_certs() - before
    print("guarantee=G25 refused=%d of %d issued=%d good=%d of %d" % (
        done["bad"], len(BAD), bad_ones, done["good"], len(GOOD)))
    sys.exit(done["bad"] != len(BAD) or done["good"] != len(GOOD) or
             len(BAD) < 30 or len(GOOD) < 10 or bad_ones != 0)


main()
