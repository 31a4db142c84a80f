#!/bin/sh
# A daemon, or a timer, that keeps a certificate fresh; status and check say
# how it is, and how little the daemon needs.
# shellcheck source=tests/pki-enroll/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-enroll/lib.sh"
command -v faketime >/dev/null || {
	echo 'SKIP: needs the Debian package faketime'
	exit 77
}
start_daemon
device m1
say m1 "anchors = \"$work/ca.pem\";"

do_it check
did 1 'check before' 'm1'
do_it status
did 0 'status before' 'm1'

# The daemon enrolls, and ends when it is told to.
"$enroller" run --conf etc 2>run.log &
runner=$!
children=$runner
wait_until [ -e m1/current/cert.pem ]
has_proof() {
	grep -q '^proven [0-9a-f]*[1-9a-f]' m1/state
}
wait_until has_proof
works m1
resident=$(awk '$1 == "VmHWM:" { print $2 }' "/proc/$runner/status")
kill -HUP "$runner"
kill -TERM "$runner"
status=0
wait "$runner" || status=$?
children=
[ "$status" = 0 ] || fail "run ended with $status: $(cat run.log)"
echo "resident-kib=$resident"
# A sanitizer's shadow is no part of the program.
nm "$enroller" 2>/dev/null | grep -q __asan_init || [ "$resident" -le 12288 ] ||
	fail "$resident KiB resident, 12288 is the limit"
do_it check
did 0 'check after'
do_it status
did 0 'status after' 'fine'
do_it status -o json
python3 -c 'import json, sys
assert json.load(sys.stdin)[0]["state"] == "fine"' <out || fail 'status as JSON'
first=$(serial m1/current/cert.pem)
do_it run --once
did 0 'nothing is due'
[ "$first" = "$(serial m1/current/cert.pem)" ] || fail 'renewed too early'

# later COMMAND [ARGUMENT...]: when most of the life is over.
life=$(($(date -d "$(openssl x509 -in m1/current/cert.pem -noout -enddate |
    cut -d= -f2)" +%s) - $(date +%s)))
enroller_now=$enroller
later() {
	printf '#!/bin/sh\nexec faketime -f +%ss "%s" "$@"\n' \
	    "$((life * 9 / 10))" "$enroller_now" >later.sh
	chmod +x later.sh
	enroller=./later.sh
	do_it "$@"
	enroller=$enroller_now
}
later check
did 3 'check when it is due' 'm1'
later run --once
did 0 'renewed when it is due'
works m1
[ "$first" != "$(serial m1/current/cert.pem)" ] || fail 'not renewed'

# Nobody there: said, tried again later, and the pair stays.
stop_daemon
second=$(serial m1/current/cert.pem)
later run --once
did 3 'nobody there' 'connect'
later status
did 0 'status says why' 'connect'
later check
did 3 'check says that it is due'
[ "$second" = "$(serial m1/current/cert.pem)" ] || fail 'the pair has changed'
