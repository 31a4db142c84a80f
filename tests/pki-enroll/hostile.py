"""Usage: hostile.py PORT-FILE CERT KEY [tls1.2]

A server over HTTPS that does what the file "plan" in its folder says, which
is read for each request: lines of an operation (the path's last part), what
to do and its arguments.  Its port goes into PORT-FILE; what was asked is
noted in the file "requests": connection, method, path, Authorization, whether
there was a client certificate, and the connection's binding, if any.
"""

import base64
import os
import socket
import ssl
import subprocess
import sys
import threading
import time

lock = threading.Lock()
connections = 0


def note(*words):
    with lock, open("requests", "a") as log:
        print(*words, file=log, flush=True)


def head(status, length, *lines):
    text = [f"HTTP/1.1 {status} x", f"Content-Length: {length}", *lines]
    return ("\r\n".join(text) + "\r\n\r\n").encode()


def answer(link, status, media="text/plain", name="", *lines):
    """STATUS [TYPE [FILE [HEADER...]]]: _ in a header stands for a space."""
    body = open(name, "rb").read() if name else b""
    lines = [line.replace("_", " ") for line in lines]
    link.sendall(head(status, len(body), f"Content-Type: {media}", *lines)
                 + body)


def endless(link):
    """A body without an end."""
    link.sendall(b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        link.sendall(b"400\r\n" + b"A" * 1024 + b"\r\n")


def heads(link):
    """Headers without an end."""
    link.sendall(b"HTTP/1.1 200 x\r\n")
    while True:
        link.sendall(b"X-More: " + b"A" * 1000 + b"\r\n")


def huge(link):
    """A long body that says so."""
    link.sendall(head(200, 10 ** 9) + b"A" * 10 ** 6)


def drip(link):
    """An octet now and then: never idle, never done."""
    link.sendall(head(200, 10 ** 6))
    while True:
        link.sendall(b"A")
        time.sleep(0.05)


def silent(link):
    """Nothing at all, until the client goes."""
    link.recv(1)


def cut(link):
    """Half of what was said."""
    link.sendall(head(200, 100) + b"half")
    raise OSError


def raw(link, name):
    """FILE, instead of HTTP."""
    link.sendall(open(name, "rb").read())
    raise OSError


def redirect(link, status, to):
    """STATUS URL"""
    link.sendall(head(status, 0, f"Location: {to}"))


def closing(link, *words):
    """As answer, and the connection ends."""
    answer(link, *words, "Connection:_close")
    raise OSError


def issue(link, issuer, when="0", *options):
    """CA [DAYS-FROM-NOW [OPTION...]]: a certificate of five days, now or then,
    for the key and the name of the request, by CA.pem and CA.key."""
    with open("body") as text:
        der = base64.b64decode(text.read())
    make = ["openssl", "x509", "-req", "-inform", "der", "-days", "5",
            "-CA", issuer + ".pem", "-CAkey", issuer + ".key",
            "-CAcreateserial", "-extfile", "leaf.ext", *options]
    if when != "0":
        make = ["faketime", "-f", f"{when}d", *make]
    cert = subprocess.run(make, input=der, check=True,
                          stdout=subprocess.PIPE).stdout
    with open("issued.pem", "wb") as copy:
        copy.write(cert)
    bag = subprocess.run(["openssl", "crl2pkcs7", "-nocrl", "-certfile",
                          "issued.pem", "-outform", "der"], check=True,
                         stdout=subprocess.PIPE).stdout
    body = base64.encodebytes(bag)
    link.sendall(head(200, len(body), "Content-Type: application/pkcs7-mime")
                 + body)


doings = {do.__name__: do for do in (answer, endless, heads, huge, drip,
                                     silent, cut, raw, redirect, closing,
                                     issue)}


def plan_for(operation):
    with open("plan") as plan:
        for line in plan:
            words = line.split()
            if words and words[0] == operation:
                return words[1:]
    return ["answer", "404"]


def read_request(link):
    data = b""
    while b"\r\n\r\n" not in data:
        more = link.recv(65536)
        if not more:
            return None, None
        data += more
    top, body = data.split(b"\r\n\r\n", 1)
    lines = top.decode("latin-1").split("\r\n")
    fields = {}
    for line in lines[1:]:
        name, value = line.split(":", 1)
        fields[name.lower()] = value.strip()
    while len(body) < int(fields.get("content-length", 0)):
        body += link.recv(65536)
    return lines[0].split(), (fields, body)


def serve(link, number):
    while True:
        first, rest = read_request(link)
        if first is None:
            return
        fields, body = rest
        binding = link.get_channel_binding() \
            if link.version() == "TLSv1.2" else None
        note(number, first[0], first[1], fields.get("authorization", "-"),
             "cert" if link.getpeercert(True) else "-",
             base64.b64encode(binding).decode() if binding else "-",
             link.version())
        with open("body", "wb") as copy:
            copy.write(body)
        do, *words = plan_for(first[1].rsplit("/", 1)[-1])
        doings[do](link, *words)


def one(context, plain, number):
    try:
        plain.settimeout(20)
        link = context.wrap_socket(plain, server_side=True)
    except OSError as why:
        note(number, "refused", type(why).__name__)
        plain.close()
        return
    with link:
        try:
            serve(link, number)
        except OSError:
            pass


def main():
    global connections
    port_file, cert, key, *more = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    # Asked for, and anything that our own CA signed is taken.
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations("ca.pem")
    if "tls1.2" in more:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    listener = socket.create_server(("127.0.0.1", 0))
    with open(port_file + ".new", "w") as out:
        print(listener.getsockname()[1], file=out)
    os.rename(port_file + ".new", port_file)
    while True:
        plain, _ = listener.accept()
        connections += 1
        threading.Thread(target=one, args=(context, plain, connections),
                         daemon=True).start()


main()
