#!/bin/sh
# curl and openssl as the manual has them: cacerts and attributes, enrollment by
# Basic and by Bearer, renewal with the same key and with a new one; with both
# versions of TLS, and with labels.
# shellcheck source=tests/pki-estd/real-lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/real-lib.sh"
start_daemon
url=https://localhost:$port$est

# fetch PATH [CURL-OPTION...]: what a person would type, and no more.
fetch() {
	at=$1
	shift
	curl -sS -f --noproxy '*' --cacert ca.pem "$@" "$url/$at"
}
certs() {
	openssl base64 -d | openssl pkcs7 -inform der -print_certs
}

# enroll PATH NAME [CURL-OPTION...]: NAME.pem, which verifies.
enroll_by_curl() {
	at=$1
	who=$2
	shift 2
	fetch "$at" -H 'Content-Type: application/pkcs10' \
	    --data-binary "@$who.b64" "$@" | certs >"$who.pem"
	openssl verify -CAfile chain.pem -purpose sslclient "$who.pem" \
	    >/dev/null || fail "$at: $who does not verify"
	[ "$(openssl x509 -in "$who.pem" -noout -pubkey)" = \
	    "$(openssl req -inform der -in "$who.der" -noout -pubkey)" ] ||
		fail "$at: $who has another key"
}

for tls in 1.2 1.3; do
	set -- --tls-max $tls "--tlsv$tls"
	for label in '' auditor/; do
		name=meter-$tls-${label%/}x
		fetch "${label}cacerts" "$@" | certs >got.pem
		[ "$(grep -c BEGIN got.pem)" = 2 ] || fail 'cacerts'
		openssl verify -CAfile ca.pem -untrusted got.pem got.pem \
		    >/dev/null || fail 'cacerts does not lead to the root'

		request "$name"
		token=$(tokens_for "$name")
		case $label in
		'') enroll_by_curl simpleenroll "$name" "$@" \
			-u "$name:$token" ;;
		*) enroll_by_curl "${label}simpleenroll" "$name" "$@" \
			-H "Authorization: Bearer $token" ;;
		esac
		cp "$name.pem" old.pem
		cp "$name.key" old.key
		enroll_by_curl "${label}simplereenroll" "$name" "$@" \
		    --cert old.pem --key old.key
		rm "$name.key"
		request "$name"
		enroll_by_curl "${label}simplereenroll" "$name" "$@" \
		    --cert old.pem --key old.key
	done
	# What a request should contain: keys and attributes, as OIDs.
	fetch auditor/csrattrs "$@" | openssl base64 -d |
		openssl asn1parse -inform der | grep -q OBJECT ||
		fail 'csrattrs names nothing'
done
stop_daemon
