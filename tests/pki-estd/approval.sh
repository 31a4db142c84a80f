#!/bin/sh
# What an operator has to approve: 202 until he does, and then the certificate
# for the same request alone; 403 when he denies it.  Asking again and again
# leaves nothing behind.  RFC 7030, 4.2.3.
command -v faketime >/dev/null || {
	echo 'SKIP: needs the Debian package faketime'
	exit 77
}
# libfaketime is loaded before the sanitizer's runtime.
export DONT_FAKE_MONOTONIC=1 ASAN_OPTIONS=verify_asan_link_order=0
clock=-9d
# shellcheck source=tests/pki-estd/real-lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/real-lib.sh"
sed -i 's/^est: {/&\n\tapproval = "manual";/' ca/templates/auditor.conf
echo 'approval-retry = "7s";' >>ca/pki-estd.conf

pki device add --profile auditor meter-1 meter-2 meter-3 late >added
pki -o json token create --expires 30d meter-1 meter-2 meter-3 late |
	read_tokens >tokens
{
	read -r token1
	read -r token2
	read -r token3
	read -r token_late
} <tokens
for name in meter-1 meter-2 meter-3 late; do
	request "$name"
done
# Who asked eight days ago, and was not looked at.
clock=-8d
LD_LIBRARY_PATH=$abs_top_builddir/.libs faketime -f -8d \
    "$abs_top_builddir/tests/pki-ctl/ask" ca auditor late "$token_late" \
    late.der >asked 2>&1 || :
old=$(sed -n 's/^pending approval //p' asked)
[ -n "$old" ] || fail "the one in the past: $(cat asked)"
clock=

# pending [OPTION...]: the ids; rows: how many there are of whatever state.
pending() {
	pki -o json device pending "$@" |
		sed -n 's/.*"request": *"\([^"]*\)".*/\1/p'
}
rows() {
	pending --all | wc -l
}
certs() {
	pki -o json cert list --profile auditor | grep -c '"serial"' || :
}
# waits NAME TOKEN: 202, with all that belongs to it.
waits() {
	post simpleenroll "$1.b64" -u ":$2"
	want 202 "$1 waits"
	grep -qi '^retry-after: 7.$' headers || fail 'no Retry-After'
	grep -q '^pending [0-9a-f]\{16\}$' body || fail 'no code and id'
	! grep -qi '^content-type: application/pkcs7' headers ||
		fail 'a certificate with 202'
}

start_daemon
[ "$(pending)" = '' ] || fail 'it still waits after eight days'
! pki device approve "$old" 2>refused || fail 'approved after eight days'
grep -q request-state refused || fail "approve, too late: $(cat refused)"
waits late "$token_late"
new=$(pending --name late)
case $new in
'' | "$old") fail 'not a new request' ;;
esac
[ "$(rows)" = 1 ] || fail 'the one that is over was kept'

# As often as it likes: one row.  A request on a new connection each time, and
# some on one that stays.
waits meter-1 "$token1"
id=$(pending --name meter-1)
head=$(pki audit head)
i=0
while [ $i -lt 20 ]; do
	waits meter-1 "$token1"
	i=$((i + 1))
done
set --
while [ $# -lt 60 ]; do
	set -- "$@" "https://localhost:$port$est/simpleenroll"
done
curl -s --cacert ca.pem -u ":$token1" --data-binary @meter-1.b64 \
    -H 'Content-Type: application/pkcs10' -w '%{http_code}\n' "$@" |
	grep -c '^202$' >polls
[ "$(cat polls)" = 60 ] || fail "$(cat polls) of 60 polls"
[ "$(rows)" = 2 ] || fail "$(rows) rows after polls"
[ "$(pending --name meter-1)" = "$id" ] || fail 'another request by then'
[ "$(pki audit head)" = "$head" ] || fail 'polls grow the audit log'
[ "$(certs)" = 0 ] || fail 'issued before approval'

# Approved: the same request has it, by another CSR of the key as well, and
# nobody else.
pki device approve "$id" >approved
post simpleenroll meter-1.b64 -u ":$token2"
want 403 "another's token"
request meter-1 other.key
waits meter-1 "$token1"
request meter-1
post simpleenroll meter-1.b64 -u ":$token1"
want 200 'approved'
take meter-1.pem
post simpleenroll meter-1.b64 -u ":$token1"
want 200 'the same again'
take again.pem
[ "$(serial meter-1.pem)" = "$(serial again.pem)" ] || fail 'two certificates'
request meter-1 other.key
post simpleenroll meter-1.b64 -u ":$token1"
want 409 'another key, once it is used'
grep -q '^token-bound ' body || fail "another key: $(cat body)"
request meter-1
post simplereenroll meter-1.b64 --cert meter-1.pem --key meter-1.key
want 200 'renewing needs no approval'

# Denied, until that is taken back; the token is good for another key.
waits meter-2 "$token2"
id=$(pending --name meter-2)
pki device deny "$id" >denied
for i in 1 2 3; do
	post simpleenroll meter-2.b64 -u ":$token2"
	want 403 "denied, $i"
	grep -q '^approval-denied ' body || fail "denied: $(cat body)"
done
cp meter-2.key first.key
request meter-2 second.key
waits meter-2 "$token2"
request meter-2 first.key
pki device approve "$id" >approved
post simpleenroll meter-2.b64 -u ":$token2"
want 200 'approved after all'

# Keys without end: four wait, and no more.
before=$(rows)
for i in 1 2 3 4; do
	request meter-3 "key-$i"
	waits meter-3 "$token3"
done
for i in 5 6 7 8; do
	request meter-3 "key-$i"
	post simpleenroll meter-3.b64 -u ":$token3"
	want 403 "key $i"
	grep -q '^approval-limit ' body || fail "key $i: $(cat body)"
done
[ "$(rows)" = $((before + 4)) ] || fail "$(rows) rows, wanted 4 more"
# A device on hold waits for nothing, and one that was retired is gone.
pki device hold late >held
! pki device approve "$new" 2>refused || fail 'approved on hold'
grep -q identity-state refused || fail "approve, on hold: $(cat refused)"
post simpleenroll late.b64 -u ":$token_late"
want 403 'on hold'
stop_daemon
[ "$(certs)" = 3 ] || fail "$(certs) certificates, wanted 3"
pki audit verify >verified || fail 'the audit log'
pki db check >checked || fail 'the database'
