#!/bin/sh
# pki-ctl status: how things stand.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"

expect_exit 1 pki status
expect_says 'there is no CA in ca; run: pki-ctl --dir ca init'

new_ca
meter meter-1
meter meter-2
expect_ok pki cert revoke meter-2
# A command to copy works on the same CA: what was given stands in it.
mkdir 'my conf'
cp -r ca/pki.conf ca/templates 'my conf'
mv ca/floor kept
for format in table json; do
	expect_exit 1 pki --conf 'my conf' -o $format crl publish issuing
	expect_says "pki-ctl --dir ca --conf 'my conf' clock accept"
done
mv kept ca/floor
same_state expect_ok pki status -o json
json "[(ca['name'], ca['good'], ca['revoked'], ca['crl-entries'])
    for ca in d['cas']] == [('root', 2, 0, 0), ('issuing', 1, 1, 1)]"
json "d['audit-head'].startswith('9:') and d['warnings'] == []"
json "(d['waiting'], d['oldest']) == (0, None)"
json "all(0 < ca['crl-life-left'] < 367 * 86400 for ca in d['cas'])"

expect_ok pki status
sed -i -E 's/^(wal-bytes: +)[0-9]+$/\1N/' .out
expect_output <<'END'
NAME    KEY  EXPIRES              GOOD EXPIRING EXPIRED HELD REVOKED CRL-NUMBER CRL-ENTRIES CRL-NEXT-UPDATE      CRL-LIFE-LEFT
root    here TIME    2        0       0    0       0          1           0 TIME SPAN
issuing here TIME    1        0       0    0       1          3           1 TIME SPAN
now:        TIME
state:      ca
conf:       ca
waiting:    0
oldest:     -
audit-head: 9:HASH
wal-bytes:  N
END

# On a terminal of 80 columns no line is longer, and what matters is there.
cat >narrow.py <<'END'
import fcntl, os, pty, struct, sys, termios
columns = int(sys.argv[1])
child, master = pty.fork()
if child == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack('4H', 24, columns, 0, 0))
    os.execvp(sys.argv[2], sys.argv[2:])
shown = b''
while True:
    try:
        piece = os.read(master, 4096)
    except OSError:
        break
    if not piece:
        break
    shown += piece
os.waitpid(child, 0)
lines = shown.decode().replace('\r', '').replace('\x1b[', '~').split('\n')
import re
print('\n'.join(re.sub('~[0-9;]*m', '', line) for line in lines), end='')
END
# narrow COLUMNS ARGUMENT...
narrow() {
	narrow_columns=$1
	shift
	LD_LIBRARY_PATH=$libraries expect_ok python3 narrow.py \
	    "$narrow_columns" "$program" --dir ca "$@"
	! grep -E ".{$((narrow_columns + 1))}" .out ||
		fail "wanted at most $narrow_columns columns"
}
narrow 80 status
expect_prints 'NAME    KEY  EXPIRES              GOOD EXPIRING HELD REVOKED CRL-LIFE-LEFT'
narrow 80 cert list
head -n 1 .out >heading
diff - heading <<'END' || fail 'wanted these columns'
NAME             SERIAL                                   STATE   EXPIRES-IN
END
[ "$(wc -l <.out)" = 5 ] || fail 'wanted a line for each'
narrow 80 audit show
expect_prints 'action=cert-revoke by=operator:'
grep -q '^ \{28\}[a-z]' .out || fail 'wanted lines that go on'
for command in 'crl show' 'crl publish' 'ca list' 'profile list' \
    'cert revoke meter-1 --yes --dry-run'; do
	# Words.
	# shellcheck disable=SC2086
	narrow 80 $command
done
narrow 200 status
expect_prints 'CRL-NUMBER CRL-ENTRIES CRL-NEXT-UPDATE'
narrow 200 cert list
expect_prints 'SERIAL                                   PROFILE    STATE'
# Into a file or a pipe everything goes.
expect_ok pki cert list
expect_prints 'PROFILE'

# A revocation that was cut off before its CRL went out is noticed.
meter thief
cp -a ca/public kept
expect_ok pki cert revoke thief
rm -rf ca/public
mv kept ca/public
expect_ok pki status
expect_prints "revocations of 'issuing' are missing in its published CRL: 1"
refused already-revoked pki cert revoke thief
expect_ok pki status -o json
json "d['warnings'] == []"

# A key that is gone and a template that does not load need attention.
mv ca/keys/issuing.key kept
echo 'nonsense' >>ca/templates/auditor.conf
expect_ok pki status -o json
json "any('issuing.key' in warning for warning in d['warnings'])"
json "any('auditor.conf:' in warning for warning in d['warnings'])"
expect_ok pki status
expect_prints 'warning: '

expect_exit 2 pki status now
