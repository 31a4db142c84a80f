"""Many connections: PORT and what to do."""
import os
import random
import resource
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


def until(is_so, what):
    """Within ten seconds; asked once more would be another question."""
    end = time.time() + 10
    while not is_so():
        if time.time() > end:
            check(False, what)
            return
        time.sleep(0.1)


def served(**options):
    try:
        return talk(PORT, GET, **options)[0].status == 200
    except (OSError, ssl.SSLError):
        return False


def limit():
    """More clients than connections; afterwards all is well."""
    check(storm(200, 3) > 0, "nobody was served")
    until(served, "nobody is served after the storm")
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
    until(lambda: served(source="127.0.0.7"), "one place became free")


def descriptors(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


def resident(pid):
    """In KiB."""
    with open("/proc/%d/status" % pid, encoding="ascii") as lines:
        for line in lines:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])


def hold(n):
    """n idle connections of TLS; each other one has had an answer."""
    held, made = [], context()

    def run(first):
        for i in range(first, n, 8):
            sock = made.wrap_socket(dial(PORT, "127.0.1.%d" % (1 + i % 50)),
                                    server_hostname="localhost")
            if i % 2:
                sock.sendall(GET)
                check(Answer(sock).status == 200, "before it is idle")
            held.append(sock)
    in_threads(8, run)
    return held


def ask_quickly(clients, times):
    """How long new clients wait for an answer, sorted."""
    took, made = [], context()

    def run(i):
        for _ in range(times):
            start = time.time()
            with made.wrap_socket(dial(PORT, "127.0.2.%d" % (1 + i)),
                                  server_hostname="localhost") as sock:
                sock.sendall(GET)
                check(Answer(sock).status == 200, "beside idle ones")
            took.append(time.time() - start)
    in_threads(clients, run)
    return sorted(took)


def refused_at_once():
    start = time.time()
    try:
        connect(PORT, source="127.0.3.1").close()
        check(False, "one more than the limit")
    except (OSError, ssl.SSLError):
        pass
    check(time.time() - start < 1, "refused, but not at once")


def idle():
    """G29: idle connections up to the limit; PID N LIMIT TIMEOUT."""
    pid, n, limit, timeout = [int(a) for a in sys.argv[3:7]]
    resource.setrlimit(resource.RLIMIT_NOFILE,
                       (2 * limit, resource.getrlimit(
                           resource.RLIMIT_NOFILE)[1]))
    ask_quickly(1, 5)
    before, small, start = descriptors(pid), resident(pid), time.time()
    held = hold(n)
    opened, size = time.time() - start, resident(pid)
    took = ask_quickly(5, 40)
    until(lambda: descriptors(pid) <= before + n, "the good ones are gone")
    held += hold(limit - n)
    for _ in range(5):
        refused_at_once()
    held.pop().close()
    until(lambda: served(source="127.0.3.2"), "one place became free")
    for sock in held:
        sock.settimeout(timeout + 2)
        check(receive(sock) == b"", "an idle one hears of something")
    check(time.time() - start < opened + timeout + 8, "idle for too long")
    until(lambda: descriptors(pid) <= before + 5, "descriptors are left: %d" %
          (descriptors(pid) - before))
    check(served(), "not well afterwards")
    p99 = 1000 * took[len(took) * 99 // 100]
    check(p99 < 250, "good clients wait: %d ms" % p99)
    print("guarantee=G29 n=%d opened-s=%.1f kib-each=%.0f p99-ms=%.0f "
          "descriptors=%+d" % (n, opened, (size - small) / n, p99,
                               descriptors(pid) - before))


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
