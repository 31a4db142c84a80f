#!/bin/sh
# Read by tests of pki-enroll against the whole daemon.
# shellcheck source=tests/pki-estd/real-lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/real-lib.sh"
enroller=$abs_top_builddir/pki-enroll

# device NAME: registered; its token is in NAME.token.
device() {
	tokens_for "$1" >"$1.token"
	chmod 600 "$1.token"
}

# say NAME [SETTING...]: NAME.conf, and its directory NAME.
say() {
	name=$1
	shift
	mkdir -p etc
	{
		printf 'server = "https://localhost:%s";\n' "$port"
		printf 'device = "%s";\ndirectory = "%s/%s";\n' "$name" \
		    "$work" "$name"
		printf 'token-file = "%s/%s.token";\n' "$work" "$name"
		printf 'timeout = "20s";\n'
		printf '%s\n' "$@"
	} >"etc/$name.conf"
}

# do_it COMMAND [ARGUMENT...]: the exit status in $status.
do_it() {
	command=$1
	shift
	status=0
	"$enroller" "$command" --conf etc "$@" >out 2>said || status=$?
}
# did STATUS WHAT [PATTERN]
did() {
	[ "$status" = "$1" ] || {
		cat said >&2
		fail "$2: status $status, wanted $1"
	}
	[ -z "${3:-}" ] || grep -q "$3" out said || {
		cat out said >&2
		fail "$2: not a word of '$3'"
	}
}

# works NAME: the pair that its consumers see makes a TLS connection.
works() {
	curl -s --max-time 20 --cacert "$1/anchors.pem" \
	    --cert "$1/current/cert.pem" --key "$1/current/key.pem" \
	    -o /dev/null "https://localhost:$port$est/cacerts" ||
		fail "$1: no connection with its pair"
	openssl verify -CAfile "$1/anchors.pem" -untrusted \
	    "$1/current/cert.pem" "$1/current/cert.pem" >/dev/null ||
		fail "$1: no chain"
}
