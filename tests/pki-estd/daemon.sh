#!/bin/sh
# The three processes: start, answers of each kind, an issuer that ends, stop.
# shellcheck source=tests/pki-estd/daemon-lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/daemon-lib.sh"
start_daemon

# What anybody may have.
ask $est/cacerts
want 200 cacerts
grep -qi '^content-type: application/pkcs7-mime; smime-type=certs-only' \
    headers || fail 'cacerts: wrong type'
base64 -d body | openssl pkcs7 -inform der -print_certs | openssl x509 \
    -outform der | cmp -s - ca.cer || fail 'cacerts: another certificate'
etag=$(tr -d '\r' <headers | sed -n 's/^[Ee][Tt]ag: //p')
ask $est/cacerts -H "If-None-Match: $etag"
want 304 'cacerts, known already'
ask $est/bare/cacerts
want 200 'cacerts with a label'
[ "$(awk '{ print length }' body | sort -n | tail -n 1)" = 64 ] ||
	fail 'cacerts: not the width of the label'
ask $est/nobody/cacerts
want 404 'an unknown label'
ask $est/csrattrs
want 200 csrattrs
[ "$(cat body)" = MAsGCSqGSIb3DQEJBw== ] || fail 'csrattrs: wrong body'
ask $est/bare/csrattrs
want 204 'csrattrs without wishes'
[ ! -s body ] || fail 'a body with 204'

# Each answer of the issuer.
enroll issue
want 200 simpleenroll
base64 -d body | openssl pkcs7 -inform der -print_certs | openssl x509 \
    -outform der | cmp -s - issued.cer || fail 'another certificate'
enroll pending
want 202 'waits for approval'
grep -qi '^retry-after: 77' headers || fail '202 without Retry-After'
grep -q '^pending [0-9a-f]\{16\}$' body || fail '202: wrong body'
enroll refuse
want 403 refused
grep -q '^key-size [0-9a-f]\{16\}$' body || fail 'no rule'
grep -q "^'RSA 1024' refused, accepted: 2048, 3072\$" body ||
	fail 'the body does not say what is accepted'
enroll unknown
want 401 'an unknown token'
[ ! -s body ] || fail 'a body with 401'
grep -qi '^www-authenticate: Basic realm="est"' headers || fail 'no challenge'
enroll busy
want 503 busy
grep -qi '^retry-after: 5' headers || fail '503 without Retry-After'
grep -q '^clock-suspect ' body || fail 'busy: no rule'
enroll later
want 200 'a late answer'
ask $est/simplereenroll --cert meter.pem --key meter.key \
    -H 'Content-Type: application/pkcs10' --data-binary @csr
want 200 simplereenroll
ask $est/simplereenroll -H 'Content-Type: application/pkcs10' \
    --data-binary @csr
want 403 'simplereenroll without a certificate'

# What never gets as far.
printf '!!!' >bad
ask $est/simpleenroll -H 'Content-Type: application/pkcs10' \
    --data-binary @bad -u ":$(tok issue)"
want 400 'no base64'
grep -q '^body ' body || fail '400 without its rule'

# Health and metrics.
curl -s "http://127.0.0.1:$status_port/health/live" | grep -qx live ||
	fail 'not live'
[ "$(count issuer_linked)" = 1 ] || fail 'metrics: no issuer'
[ "$(count issuer_stub_starts_total)" = 1 ] ||
	fail 'the counters of the issuer are missing'

! grep -q '"route":"/[a-z/]*","method":"GET","status":200' "$log" ||
	fail 'monitoring fills the log'

# The issuer ends: 503, and back within 5 s; what is offered stays.
kill -STOP "$(pid_of issuer)"
(enroll never; echo "$status" >stuck) &
stuck=$!
# shellcheck disable=SC2317 # wait_until calls it
is_asked() {
	[ "$(count issuer_waiting)" -ge 1 ]
}
wait_until is_asked
kill -KILL "$(pid_of issuer)"
wait "$stuck"
[ "$(cat stuck)" = 503 ] || fail "a lost question got $(cat stuck)"
ask $est/cacerts
want 200 'cacerts without an issuer'
begun=$(date +%s)
wait_until is_ready
[ $(($(date +%s) - begun)) -le 5 ] || fail 'the issuer was late'
enroll issue
want 200 'after the issuer came back'
enroll crash
want 503 'the issuer ends in the middle'
wait_until is_ready
enroll issue
want 200 'after the next one'

stop_daemon
! grep -q "$(tok issue | cut -d . -f 2)" "$log" || fail 'a secret in the log'

# Limits are those of the settings; more connections than descriptors are
# pointed out.
printf '%s\n' 'limit: { tries-per-token = 3; connections = 60000;' \
    'connections-per-address = 2; };' >pki-estd.conf
# shellcheck disable=SC3045 # dash and others have it
(ulimit -n 1024 && start_daemon && echo "$server $port $status_port" >run) ||
	fail 'no start with few descriptors'
read -r server port status_port <run
grep -q '"descriptors-few","descriptors":1024,"connections":60000' "$log" ||
	fail 'few descriptors are not in the log'
for want in 200 200 200 429; do
	enroll issue
	want "$want" 'tries of a token'
done
grep -qi '^retry-after: [1-9]' headers || fail '429 without Retry-After'
enroll other
want 200 'another token'

# GnuTLS knows the server, and has a certificate asked of it.
if command -v gnutls-cli >/dev/null; then
	printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' \
	    $est/cacerts |
		gnutls-cli -p "$port" --sni-hostname localhost \
		    --verify-hostname localhost --x509cafile ca.pem \
		    --x509certfile meter.pem --x509keyfile meter.key \
		    127.0.0.1 >out 2>&1 || :
	grep -q '^HTTP/1.1 200 OK' out || fail 'gnutls-cli gets no answer'
	grep -q 'Successfully sent 1 certificate' out ||
		fail 'gnutls-cli was not asked for a certificate'
fi
openssl s_client -connect "127.0.0.1:$port" -servername localhost \
    -CAfile ca.pem -verify_return_error -verify_hostname localhost -brief \
    </dev/null >out 2>&1 || fail 'openssl does not know the server'
kill -TERM "$server"
wait_until is_gone "$server"
server=
