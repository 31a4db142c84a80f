#!/bin/sh
# strongSwan's pki: cacerts, enrollment by token, renewal with a new key, what
# it says to a refusal, and that it polls for one that waits.
# shellcheck source=tests/pki-estd/real-lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/real-lib.sh"

# "pki" alone is pki-ctl here.  Its elliptic curves are in the plugin openssl.
swan=/usr/bin/pki
if ! [ -x $swan ] ||
    ! [ -e /usr/lib/ipsec/plugins/libstrongswan-openssl.so ]; then
	echo "SKIP: needs the Debian packages strongswan-pki and" \
	    "libstrongswan-standard-plugins"
	exit 77
fi

# Before 5.9.11 it knows no labels and reads base64 of one line only.
sed 's/^est: {/&\n\tline-width = 0;/' \
    "$abs_top_srcdir/ca-templates/auditor.conf" >ca/templates/auditor.conf
cat >>ca/pki-estd.conf <<'end'
default-profile = "auditor";
approval-retry = "1s";
end
start_daemon
pki ca export issuing >issuing.pem

# swan COMMAND [OPTION...]: with what it says in the file "said".
est_by_swan() {
	command=$1
	shift
	$swan "$command" --url "https://127.0.0.1:$port" --cacert ca.pem \
	    --cacert issuing.pem "$@" >got 2>said
}
good() {
	est_by_swan "$@" || {
		tail -n 20 said >&2
		fail "strongSwan: $1"
	}
}

# swan_request NAME KEY
swan_request() {
	$swan --gen --type ecdsa --size 256 >"$2" 2>/dev/null
	$swan --req --type priv --in "$2" --dn "CN=$1" >"$2.csr" 2>/dev/null
}

# issued NAME KEY: "got" is NAME's certificate, for this key.
issued() {
	openssl x509 -inform der -in got -out got.pem
	openssl verify -CAfile chain.pem got.pem >/dev/null ||
		fail "$1: not by the CA"
	[ "$(openssl x509 -in got.pem -noout -subject)" = \
	    "subject=CN = $1" ] || fail "$1: another name"
	[ "$(openssl x509 -in got.pem -noout -pubkey)" = \
	    "$(openssl pkey -inform der -in "$2" -pubout)" ] ||
		fail "$1: another key"
}

good --estca --outform pem
[ "$(grep -c BEGIN got)" = 2 ] || fail 'cacerts: not root and issuing CA'
good --estca --caout fetched.der
openssl x509 -in ca.pem -outform der | cmp - fetched.der ||
	fail 'cacerts: another root'

swan_request meter-1 first.key
token=$(tokens_for meter-1)
good --est --in first.key.csr --userpass "meter-1:$token"
issued meter-1 first.key
cp got first.cer

swan_request meter-1 second.key
good --est --in second.key.csr --cert first.cer --key first.key
issued meter-1 second.key

! est_by_swan --est --in second.key.csr --userpass "meter-1:$token" ||
	fail 'a token for two keys'
grep -q 'HTTP 409' said || fail 'it does not hear of the refusal'

# An operator has to approve: it asks again by itself.
sed -i 's/^est: {/&\n\tapproval = "manual";/' ca/templates/auditor.conf
before=$(events offers)
kill -HUP "$server"
wait_until has_event offers $((before + 1))
wait_until has_event reloaded
swan_request meter-2 third.key
token=$(tokens_for meter-2)
! est_by_swan --est --in third.key.csr --userpass "meter-2:$token" \
    --interval 1 --maxpolltime 1 || fail 'not pending'
grep -q 'maximum poll time reached' said || fail 'it does not wait'
[ "$(grep -c '"status":202' "$log")" = 2 ] || fail 'it did not ask again'
stop_daemon
