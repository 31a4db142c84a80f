"""canary.py LIST PLACE...: where secrets are that must not be there.

LIST has lines "NAME HEX".  A PLACE is a file, a folder, or memory:PID.  Each
secret is looked for as it is, with its octets in reverse (numbers in memory),
in hexadecimal and in base64 at each of its three positions.  Prints a line
for each find, and "found N of M octets in K places".
"""
import base64
import os
import re
import sys


def forms(secret):
    yield "as it is", secret
    yield "in reverse", secret[::-1]
    yield "hexadecimal", secret.hex().encode()
    yield "HEXADECIMAL", secret.hex().upper().encode()
    yield "colons", ":".join("%02x" % octet for octet in secret).encode()
    for before in range(3):
        text = base64.b64encode(b"\0" * before + secret)
        # Without the digits that octets beside it have a share in.
        text = text[(0, 2, 3)[before]:len(text) - 4]
        yield "base64", text
        yield "base64url", base64.urlsafe_b64encode(
            base64.b64decode(b"A" * (-len(text) % 4) + text))[
                -len(text) % 4:]


def files(place):
    if not os.path.isdir(place):
        return [place]
    return [os.path.join(folder, name)
            for folder, _, names in os.walk(place) for name in names]


def memory(pid):
    """What can be read of it, region by region."""
    with open("/proc/%s/maps" % pid, encoding="ascii") as maps, \
            open("/proc/%s/mem" % pid, "rb", 0) as octets:
        for line in maps:
            start, end = (int(part, 16)
                          for part in line.split()[0].split("-"))
            # Not the kernel's, nor what a sanitizer has reserved.
            if line.split()[1][0] != "r" or "[v" in line or \
                    end - start > 1 << 28:
                continue
            octets.seek(start)
            try:
                yield octets.read(end - start)
            except OSError:
                continue


def contents(place):
    if place.startswith("memory:"):
        pid = place.split(":")[1]
        return [("memory of " + pid, octets) for octets in memory(pid)]
    out = []
    for path in files(place):
        with open(path, "rb") as stream:
            out.append((path, stream.read()))
    return out


def main():
    table = {}
    with open(sys.argv[1], encoding="ascii") as lines:
        for line in lines:
            name, text = line.split()
            for form, octets in forms(bytes.fromhex(text)):
                if len(octets) < 12:
                    sys.exit("%s: too short to be looked for" % name)
                table[octets] = name, form
    pattern = re.compile(b"|".join(re.escape(octets) for octets in table))
    found, total, places = 0, 0, 0
    for place in sys.argv[2:]:
        for where, octets in contents(place):
            total += len(octets)
            places += 1
            # Lines of base64, as in PEM, are one text.
            hits = set(pattern.findall(octets))
            hits.update(pattern.findall(octets.replace(b"\n", b"")))
            for hit in hits:
                found += 1
                print("%s, %s, is in %s" % (*table[hit], where))
    print("found %d in %d octets of %d places" % (found, total, places))


main()
