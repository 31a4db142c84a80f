#!/bin/sh
# Clients of others each get the CA certificates, enroll and renew: GnuTLS,
# and strongSwan's pki with a TLS of its own.  curl with OpenSSL: life.sh.
# shellcheck source=tests/pki-estd/real-lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/real-lib.sh"
# Before 5.9.11 strongSwan reads no line ends.
sed 's/^est: {/&\n	line-width = 0;/' \
    "$abs_top_srcdir/ca-templates/auditor.conf" >ca/templates/auditor.conf
grep -q 'line-width = 0' ca/templates/auditor.conf || fail 'the template'
start_daemon

# speak METHOD PATH [HEADER]...: over gnutls-cli; body and status as of "ask".
speak() {
	method=$1 path=$2
	shift 2
	{
		printf '%s %s HTTP/1.1\r\nHost: localhost\r\n' "$method" "$path"
		printf 'Connection: close\r\n'
		for header; do
			printf '%s\r\n' "$header"
		done
		printf '\r\n'
		[ "$method" = GET ] || cat sent
	} >request
	# shellcheck disable=SC2086 # words, or none
	gnutls-cli --logfile gnutls.log -p "$port" --x509cafile ca.pem \
	    $credential localhost <request >out 2>/dev/null || :
	status=$(awk '/^HTTP\/1.1 / { print $2; exit }' out)
	tr -d '\r' <out | awk 'inside; /^$/ { inside = 1 }' |
		grep -E '^[A-Za-z0-9+/=]+$' >body || :
}
speak_csr() {
	cp "$2" sent
	speak POST "$est/$1" 'Content-Type: application/pkcs10' \
	    "Content-Length: $(wc -c <sent)" ${3:+"$3"}
}
gnutls() {
	credential=
	speak GET $est/cacerts
	want 200 'GnuTLS: cacerts'
	base64 -d body | openssl pkcs7 -inform der -noout ||
		fail 'GnuTLS: no certificates'
	request gnu-1
	token=$(tokens_for gnu-1)
	speak_csr simpleenroll gnu-1.b64 "Authorization: Bearer $token"
	want 200 'GnuTLS: simpleenroll'
	take gnu-1.pem
	credential='--x509certfile gnu-1.pem --x509keyfile gnu-1.key'
	speak_csr simplereenroll gnu-1.b64
	want 200 'GnuTLS: simplereenroll'
	take gnu-2.pem
	[ "$(serial gnu-1.pem)" != "$(serial gnu-2.pem)" ] ||
		fail 'GnuTLS: not a new certificate'
}

strongswan() {
	url=https://localhost:$port
	"$swan" --estca --url "$url" --cacert ca.pem --caout got.pem \
	    --outform pem --force >swan.log 2>&1 ||
		fail "strongSwan: cacerts: $(tail -n 3 swan.log)"
	[ -n "$(ls got*.pem)" ] || fail 'strongSwan: no certificates'
	request swan-1
	token=$(tokens_for swan-1)
	"$swan" --est --url "$url" --in swan-1.der --cacert ca.pem \
	    --userpass "swan-1:$token" --outform pem >swan-1.pem 2>swan.log ||
		fail "strongSwan: simpleenroll: $(tail -n 3 swan.log)"
	openssl verify -CAfile chain.pem swan-1.pem >/dev/null ||
		fail 'strongSwan: no certificate'
	"$swan" --est --url "$url" --in swan-1.der --cacert ca.pem \
	    --cert swan-1.pem --key swan-1.key --outform pem >swan-2.pem \
	    2>swan.log || fail "strongSwan: simplereenroll: \
$(tail -n 3 swan.log)"
	openssl verify -CAfile chain.pem swan-2.pem >/dev/null ||
		fail 'strongSwan: no new certificate'
	[ "$(serial swan-1.pem)" != "$(serial swan-2.pem)" ] ||
		fail 'strongSwan: not a new certificate'
}

missing=
if command -v gnutls-cli >/dev/null; then
	gnutls
else
	missing="$missing gnutls-bin"
fi
swan=$(command -v /usr/bin/pki || :)
if [ -n "$swan" ] && "$swan" --est --help >/dev/null 2>&1; then
	strongswan
else
	missing="$missing strongswan-pki"
fi
stop_daemon
[ -z "$missing" ] || {
	echo "SKIP: needs the Debian packages$missing"
	exit 77
}
