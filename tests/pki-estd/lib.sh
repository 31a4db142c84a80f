#!/bin/sh
# Read by every test here: a server without an issuer (http-server.c) and what
# to ask of it.
set -eu
umask 022
export LC_ALL=C
: "${abs_top_srcdir:=$PWD}" "${abs_top_builddir:=$abs_top_srcdir/build}"
program=$abs_top_builddir/tests/http-server
est=/.well-known/est

work=$(mktemp -d "${TMPDIR:-/tmp}/pki-estd-test.XXXXXX")
server=
children=
end_test() {
	for child in $server $children; do
		kill -9 "$child" 2>/dev/null || :
	done
	rm -rf "$work"
}
trap end_test EXIT
trap 'exit 1' HUP INT TERM
cd "$work"
exec </dev/null

for tool in curl openssl python3; do
	command -v "$tool" >/dev/null || {
		echo "SKIP: needs the Debian package $tool"
		exit 77
	}
done

fail() {
	{
		printf 'FAILED: %s\n' "$1"
		tail -n 20 server.log | sed 's/^/  server: /'
	} >&2
	exit 1
}

# key_and_cert NAME CN: NAME.key and NAME.pem, signed by the test's CA.
key_and_cert() {
	openssl req -x509 -CA ca.pem -CAkey ca.pem.key -newkey ec \
	    -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" \
	    -out "$1.pem" -days 2 -subj "/CN=$2" \
	    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
	    -addext basicConstraints=critical,CA:FALSE 2>/dev/null
}

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout ca.pem.key -out ca.pem -days 2 -subj '/CN=Test CA' 2>/dev/null
key_and_cert server-1 first
key_and_cert meter meter-1

# use_material NAME: what the server reads at its start and at SIGHUP.
use_material() {
	openssl pkcs8 -topk8 -nocrypt -in "$1.key" -outform der -out tls.key
	openssl x509 -in "$1.pem" -outform der -out tls.cer
}
use_material server-1
openssl x509 -in ca.pem -outform der -out ca.cer

# start [SETTING...]: ports in $port and $status_port.
start() {
	printf '%s\n' 'threads = 2;' "$@" >conf
	mkfifo ports 2>/dev/null || :
	"$program" conf . >ports 2>>server.log &
	server=$!
	read -r port status_port <ports || fail 'the server did not start'
}

# stop: in order, and nothing is left.
stop() {
	kill -TERM "$server"
	wait "$server" || fail "the server ended with $?"
	server=
	grep -q 'active=0 parked=0 counted=0' server.log ||
		fail 'something was left behind'
}

# A well-formed token; nobody knows it here.
token=abc123.abcdefghijklmnopqrstuvwxyz

# ask PATH [CURL-OPTION...]: the status in $status, body and headers in files.
# (curl knows localhost by itself; who does not is told an address, for a root
# may be without /etc/hosts.)
ask() {
	path=$1
	shift
	status=$(curl -s --max-time 20 --cacert ca.pem -D headers -o body \
	    -w '%{http_code}' "$@" "https://localhost:$port$path") || :
}

# want STATUS WHAT
want() {
	[ "$status" = "$1" ] || fail "$2: $status, wanted $1"
}

# raw NAME [ARGUMENT...]: NAME.py of this folder must be content.
raw() {
	name=$1
	shift
	PYTHONPATH=$abs_top_srcdir/tests/pki-estd PYTHONDONTWRITEBYTECODE=1 \
	    python3 "$abs_top_srcdir/tests/pki-estd/$name.py" "$@" ||
		fail "$name.py is not content"
}

# count NAME: the value of a counter, with its label.
count() {
	curl -s "http://127.0.0.1:$status_port/metrics" |
		awk -v name="pki_estd_$1" '$1 == name { print $2 }'
}

# wait_until COMMAND...: at most 20 s; what is waited for happens by itself.
wait_until() {
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 1000 ] || fail "waited for nothing: $*"
		sleep 0.02
	done
}
