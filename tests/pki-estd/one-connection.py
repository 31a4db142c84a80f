"""one-connection.py PORT NAME PKI-CTL: renew on one open connection while the
certificate is held, released and revoked by pki-ctl beside the daemon."""
import os
import ssl
import subprocess
import sys
from raw import Client

port, name, program = int(sys.argv[1]), sys.argv[2], sys.argv[3]
context = ssl.create_default_context(cafile="ca.pem")
context.load_cert_chain(name + ".pem", name + ".key")
client = Client(port, context)
client.connect()
opened = client.sock
with open(name + ".b64", "rb") as lines:
    csr = lines.read()
fingerprint = subprocess.run(
    ["openssl", "x509", "-in", name + ".pem", "-noout", "-serial"],
    check=True, stdout=subprocess.PIPE).stdout.decode()
serial = fingerprint.strip().split("=")[1].lower()


def pki(*words):
    env = dict(os.environ, LD_LIBRARY_PATH=os.path.dirname(program))
    subprocess.run([program, "-q", "--dir", "ca", *words], check=True, env=env,
                   stdout=subprocess.DEVNULL)


def ask(wanted, what):
    client.request("POST", "/.well-known/est/simplereenroll", csr,
                   {"Content-Type": "application/pkcs10"})
    answer = client.getresponse()
    body = answer.read()
    if answer.status != wanted:
        sys.exit("%s: %d %r" % (what, answer.status, body))
    if client.sock not in (opened, None):
        sys.exit(what + ": another connection")


ask(200, "before")
if os.environ.get("HOLD"):
    pki("cert", "hold", "serial:" + serial)
pki("cert", "revoke", "serial:" + serial, "--reason", "key-compromise")
ask(403, "revoked")
