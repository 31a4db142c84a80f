#!/bin/sh
# The person at the terminal: questions, and echo that comes back.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"
cat >terminal.py <<'END'
# terminal.py ACTION [FD...] -- COMMAND...: with a terminal at these
# descriptors (0 1 2).  ACTION is a signal to send when echo is off, or a line
# to type when something is asked.  Prints what the terminal shows, and last
# "exit N" or "signal N" and "echo" or "no echo".
import os, pty, select, signal, sys, termios, time
action, rest = sys.argv[1], sys.argv[2:]
at = rest.index('--')
terminals, command = [int(n) for n in rest[:at]], rest[at + 1:]
master, slave = pty.openpty()
child = os.fork()
if child == 0:
    # Under nohup hanging up is ignored, also by our children.
    if action in signal.Signals.__members__:
        signal.signal(signal.Signals[action], signal.SIG_DFL)
    os.setsid()
    os.close(os.open(os.ttyname(slave), os.O_RDWR))     # controlling
    null = os.open('/dev/null', os.O_RDWR)
    for fd in range(3):
        os.dup2(slave if fd in terminals else null, fd)
    os.execvp(command[0], command)
def echo():
    return bool(termios.tcgetattr(slave)[3] & termios.ECHO)
shown, status, end, acted = b'', None, time.time() + 60, False
while status is None and time.time() < end:
    if select.select([master], [], [], 0.02)[0]:
        shown += os.read(master, 4096)
    if not acted and action in signal.Signals.__members__:
        if not echo() and b': ' in shown:
            os.kill(child, signal.Signals[action])
            acted = True
    elif not acted and b'[y/N] ' in shown:
        os.write(master, action.encode() + b'\n')
        acted = True
    done, result = os.waitpid(child, os.WNOHANG)
    status = result if done else None
while select.select([master], [], [], 0.1)[0]:
    shown += os.read(master, 4096)
sys.stdout.write(shown.decode('ascii', 'replace').replace('\r', ''))
if status is None:
    os.kill(child, signal.SIGKILL)
    print('timeout')
elif os.WIFSIGNALED(status):
    print('signal', os.WTERMSIG(status))
else:
    print('exit', os.WEXITSTATUS(status))
print('echo' if echo() else 'no echo')
END
export LD_LIBRARY_PATH="$libraries"
# at_terminal ACTION FD... -- ARGUMENT...
at_terminal() {
	set -- python3 terminal.py "$@"
	expect_ok "$@"
}

# --- echo -------------------------------------------------------------------
for signal in SIGUSR1:10 SIGUSR2:12 SIGTERM:15 SIGHUP:1 SIGALRM:14 SIGXCPU:24 \
    SIGPROF:27 SIGSEGV:11 SIGABRT:6 SIGRTMAX:64; do
	at_terminal "${signal%:*}" 0 1 2 -- "$program" --dir new init \
	    --templates "$templates"
	expect_prints 'New passphrase for the root key: '
	expect_prints "signal ${signal#*:}"
	[ "$(tail -n 1 .out)" = echo ] || fail "wanted echo after $signal"
	[ ! -e new ] || fail 'wanted nothing made'
done

# --- a revocation is asked for ----------------------------------------------
new_ca
for name in meter-1 meter-2 meter-3; do
	meter $name
done
# No, by the person; and by one who cannot be asked.
for where in '0 1 2' '0' '1' '0 1'; do
	# Numbers.
	# shellcheck disable=SC2086
	at_terminal n $where -- "$program" --dir ca cert revoke meter-1
	expect_prints 'exit 1'
	expect_ok pki cert list --state revoked -o json
	json 'd == []'
done
at_terminal y 0 1 2 -- "$program" --dir ca cert revoke meter-1
expect_prints 'for ever, reason unspecified? [y/N] '
expect_prints 'exit 0'
at_terminal n 0 1 -- "$program" --dir ca cert revoke meter-2 --yes
expect_prints 'exit 0'
# A script has no terminal.
at_terminal n -- "$program" --dir ca cert revoke meter-3
expect_prints 'exit 0'
expect_ok pki cert list --state revoked -o json
json '[c["name"] for c in d] == ["meter-1", "meter-2", "meter-3"]'
