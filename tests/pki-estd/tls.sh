#!/bin/sh
# What TLS is spoken: 1.2 and 1.3, forward-secret AEAD, nothing resumed.
# shellcheck source=tests/pki-estd/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/lib.sh"
start 'deadline: { head = "3s"; };'

# client NAME [OPTION...]: openssl's talk in NAME.out
client() {
	name=$1
	shift
	printf 'GET %s/cacerts HTTP/1.1\r\nHost: localhost\r\n%s\r\n\r\n' \
	    $est 'Connection: close' |
		timeout 10 openssl s_client -connect "127.0.0.1:$port" \
		    -servername localhost -CAfile ca.pem -ign_eof "$@" \
		    >"$name.out" 2>&1 || :
}
refused() {
	! grep -q 'HTTP/1.1 200' "$1.out" || fail "$1 was served"
}
weak='-cipher ALL:COMPLEMENTOFALL@SECLEVEL=0'
# Several words.
# shellcheck disable=SC2086
for version in tls1 tls1_1; do
	client $version -$version $weak
	refused $version
done
for cipher in AES128-GCM-SHA256 ECDHE-ECDSA-AES128-SHA256 \
    ECDHE-ECDSA-AES128-SHA NULL aNULL DHE-RSA-AES128-GCM-SHA256; do
	client "$cipher" -tls1_2 -cipher "$cipher@SECLEVEL=0"
	refused "$cipher"
done
for cipher in ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES256-GCM-SHA384 \
    ECDHE-ECDSA-CHACHA20-POLY1305; do
	client "$cipher" -tls1_2 -cipher "$cipher"
	grep -q 'HTTP/1.1 200' "$cipher.out" || fail "$cipher was refused"
done
client three -tls1_3 -sess_out three.session
grep -q 'HTTP/1.1 200' three.out || fail 'TLS 1.3 was refused'
grep -q 'CN = Test CA' three.out || fail 'the CA is not named to clients'
! grep -q 'New Session Ticket\|TLS session ticket:' three.out ||
	fail 'a ticket was given'
# Nobody is asked for another key than the one he sent: RFC 8446, 4.1.4.
for groups in X25519:P-256 P-256:X25519 P-384:P-256; do
	client "$groups" -tls1_3 -msg -groups "$groups"
	[ "$(grep -c '>>> .*ClientHello' "$groups.out")" = 1 ] ||
		fail "$groups: a round trip more"
done
client two -tls1_2 -reconnect
! grep -q '^Reused' two.out || fail 'a session was resumed'

# Renegotiation ends the connection.
{
	sleep 0.5
	printf 'R\n'
	sleep 1
} | timeout 10 openssl s_client -connect "127.0.0.1:$port" \
    -servername localhost -CAfile ca.pem -tls1_2 >again.out 2>&1 || :
grep -q RENEGOTIATING again.out || fail 's_client did not try'
[ "$(grep -c '^verify return' again.out)" -le 2 ] || fail 'renegotiated'

# Any certificate is let in by TLS; it is for the issuer to judge.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout strange.key -out strange.pem -days 2 -subj '/CN=stranger' \
    2>/dev/null
client strange -cert strange.pem -key strange.key
grep -q 'HTTP/1.1 200' strange.out || fail 'a stranger was refused by TLS'
# By address, and by a name that is not ours.
for name in 127.0.0.1 other.example; do
	client sni -servername "$name"
	grep -q 'HTTP/1.1 200' sni.out || fail "no service by $name"
done
stop
