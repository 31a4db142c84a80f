"""storm.py PORT CLIENTS SECONDS [TOKENS]: enroll as fast as it goes.

Half of the clients make a new connection each time, half keep theirs.  With
TOKENS, a file with "TOKEN CSR-FILE" in each line, each is used until it is
answered with 200, and the serial of each certificate that came is printed
("cert TOKEN-ID SERIAL"); without, one is used all the time.  The last line
counts:

  ok N busy N refused N lost N unsent N other N

lost: the request was sent whole on a connection of its own, and no answer
came.  unsent: the connection ended before that, or was kept from before.
"""
import base64
import http.client
import os
import queue
import ssl
import subprocess
import sys
import threading
import time
from raw import Client

PORT, CLIENTS, SECONDS = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
PATH = "/.well-known/est/simpleenroll"
END = time.monotonic() + SECONDS
context = ssl.create_default_context(cafile="ca.pem")
counts = dict.fromkeys(("ok", "busy", "refused", "lost", "unsent", "other"), 0)
lock = threading.Lock()
work = queue.Queue()
closed = threading.Event()


def count(what):
    with lock:
        counts[what] += 1


def report(token, body):
    pem = subprocess.run(["openssl", "pkcs7", "-inform", "der",
                          "-print_certs"], input=base64.b64decode(body),
                         check=True, stdout=subprocess.PIPE).stdout
    serial = subprocess.run(["openssl", "x509", "-noout", "-serial"],
                            input=pem, check=True,
                            stdout=subprocess.PIPE).stdout.decode()
    with lock:
        print("cert", token.split(".")[0],
              serial.strip().split("=")[1].lower(), flush=True)


def ask(client, token, csr):
    """The status and body; None: what became of it is counted."""
    sent = False
    kept = client.sock is not None
    try:
        client.connect() if not kept else None
        user = base64.b64encode((":" + token).encode()).decode()
        client.request("POST", PATH, csr, {
            "Content-Type": "application/pkcs10",
            "Authorization": "Basic " + user})
        sent = True
        answer = client.getresponse()
        return answer.status, answer.read()
    except ConnectionRefusedError:
        closed.set()
    except (OSError, http.client.HTTPException) as error:
        if sent and not kept:
            print("lost:", repr(error), file=sys.stderr)
        count("lost" if sent and not kept else "unsent")
    client.close()
    return None


def run(keeps, fixed):
    client = Client(PORT, context, timeout=40)
    while time.monotonic() < END and not closed.is_set():
        try:
            token, csr = fixed or work.get_nowait()
        except queue.Empty:
            break
        got = ask(client, token, csr)
        if not keeps:
            client.close()
        status = got[0] if got else 0
        if status:
            count({200: "ok", 503: "busy", 401: "refused", 403: "refused",
                   409: "refused"}.get(status, "other"))
        if not fixed and status == 200:
            report(token, got[1])
        elif not fixed and status in (0, 503, 429):
            work.put((token, csr))
        if status in (0, 503, 429):
            time.sleep(0.02)
        elif status not in (200, 401, 403, 409):
            print("other:", got, file=sys.stderr)


def load(name):
    with open(name, encoding="ascii") as lines:
        for line in lines:
            token, path = line.split()
            with open(path, "rb") as csr:
                work.put((token, csr.read()))


def main():
    fixed = None
    if len(sys.argv) > 4:
        load(sys.argv[4])
    else:
        with open("csr", "rb") as csr:
            fixed = (os.environ.get("STORM_TOKEN", "issue") + "." +
                     "abcdefghijklmnopqrstuvwxyz", csr.read())
    threads = [threading.Thread(target=run, args=(i % 2 == 0, fixed))
               for i in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(*("%s %d" % pair for pair in counts.items()))


main()
