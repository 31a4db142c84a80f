"""Many connections: PORT and what to do."""
import os
import random
import threading
from raw import *

PORT, WHAT = int(sys.argv[1]), sys.argv[2]
GET = request("GET", EST + "/cacerts", HOST)


def in_threads(n, run):
    threads = [threading.Thread(target=run, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def storm(clients, seconds):
    """New connections without end; most are turned away."""
    end = time.time() + seconds
    served = [0] * clients

    def run(i):
        while time.time() < end:
            try:
                answer, _ = talk(PORT, GET, timeout=5)
                served[i] += answer.status == 200
            except (OSError, ssl.SSLError):
                pass
    in_threads(clients, run)
    return sum(served)


def limit():
    """More clients than connections; afterwards all is well."""
    check(storm(200, 3) > 0, "nobody was served")
    time.sleep(0.5)
    for _ in range(20):
        answer, _ = talk(PORT, GET)
        check(answer.status == 200, "not well after the storm")


def address():
    """Five connections of an address, and not six."""
    held = [connect(PORT, source="127.0.0.7") for _ in range(5)]
    try:
        connect(PORT, source="127.0.0.7")
        check(False, "a sixth connection")
    except (OSError, ssl.SSLError):
        pass
    answer, _ = talk(PORT, GET, source="127.0.0.8")
    check(answer.status == 200, "another address")
    held.pop().close()
    time.sleep(0.3)
    answer, _ = talk(PORT, GET, source="127.0.0.7")
    check(answer.status == 200, "one place became free")


def hang_up():
    """Clients that go while their request is parked, half of them by RST."""
    answered = []

    def run(i):
        for _ in range(15):
            sock = connect(PORT)
            sock.sendall(enroll(AUTH))
            time.sleep(random.random() * 0.05)
            if i % 2:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                struct.pack("ii", 1, 0))
            if i % 4 == 0:
                answered.append(Answer(sock).status)
            sock.close()
    in_threads(20, run)
    check(set(answered) == {200}, "who stayed was not answered")


def park():
    """Fifty parked requests, all answered when the server stops."""
    statuses = []

    def run(i):
        with connect(PORT) as sock:
            sock.sendall(enroll(AUTH, path=EST + "/never/simpleenroll"))
            ready.release()
            answer = Answer(sock)
            statuses.append(answer.status)
            check(answer.status != 503 or
                  (answer.headers.get("retry-after") == "1" and
                   answer.closes()), "503 without Retry-After or close")
    ready = threading.Semaphore(0)
    work = threading.Thread(target=in_threads, args=(50, run))
    work.start()
    for _ in range(50):
        ready.acquire()
    time.sleep(0.5)
    os.kill(int(sys.argv[3]), 15)
    work.join()
    check(statuses == [503] * 50, "stop: %s" % statuses)


def subject(sock):
    return dict(part[0] for part in sock.getpeercert()["subject"]
                )["commonName"]


def swap():
    """New connections while the certificate changes; an old one stays."""
    kept = connect(PORT)
    kept.sendall(GET)
    check(Answer(kept).status == 200, "before the change")
    seen, stop = [], []

    def run(i):
        while not stop:
            with connect(PORT) as sock:
                seen.append(subject(sock))
                sock.sendall(GET)
                check(Answer(sock).status == 200, "during the change")
    threads = [threading.Thread(target=run, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for i in range(20):
        name = "server-%d" % (i % 2 + 1)
        for kind in ("key", "cer"):
            os.replace("%s.%s.%d" % (name, kind, i), "tls." + kind)
        os.kill(int(sys.argv[3]), 1)
        time.sleep(0.1)
        kept.sendall(GET)
        check(Answer(kept).status == 200, "a running session")
    stop.append(True)
    for thread in threads:
        thread.join()
    check(set(seen) == {"first", "second"}, "seen: %s" % set(seen))
    check(subject(kept) == "first", "the running session changed")


globals()[WHAT]()
finish()
