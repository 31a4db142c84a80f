#!/bin/sh
# Who may renew whom, over mutual TLS: each bad request is refused by its rule
# and nothing is issued, each good one gets a certificate.  G25.
command -v faketime >/dev/null || {
	echo 'SKIP: needs the Debian package faketime'
	exit 77
}
# libfaketime is loaded before the sanitizer's runtime.
export DONT_FAKE_MONOTONIC=1 ASAN_OPTIONS=verify_asan_link_order=0
clock=-100d
# shellcheck source=tests/pki-estd/real-lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/real-lib.sh"

cat >ca/templates/node.conf <<'end'
name = "node"; ca = "issuing"; kind = "end-entity"; validity = "90d";
key: { types = [ "p256" ]; usage = [ "digital-signature" ];
    extended-usage = [ "client-auth" ]; };
subject: { organization = "Example Ltd"; };
alt-names: { allow = [ "dns:*.example", "ip:10.0.0.0/8" ]; };
issue: { by = [ "operator", "est" ]; };
est: { grace = "7d"; };
end
sed 's/"node"/"listener"/; s/client-auth/server-auth/; s/7d/0s/' \
    ca/templates/node.conf >ca/templates/listener.conf

new_key() {
	openssl ecparam -name prime256v1 -genkey -noout -out "$1"
}

# node NAME [PROFILE]: NAME.key, unless there is one, and NAME.pem.
node() {
	name=$1
	[ -f "$name.key" ] || new_key "$name.key"
	openssl req -new -key "$name.key" -out "$name.csr" \
	    -subj "/O=Example Ltd/CN=$name" \
	    -addext "subjectAltName=DNS:$name.example,IP:10.0.0.1"
	pki cert issue --profile "${2:-node}" --csr "$name.csr" \
	    --out "$name.pem" --share-names
}

# forge NAME SERIAL SUBJECT [OPTION...]: for who has the key that signs.
forge() {
	name=$1 number=$2 subject=$3
	shift 3
	[ -f "$name.key" ] || new_key "$name.key"
	openssl req -new -key "$name.key" -subj "$subject" |
		openssl x509 -req -days 30 -set_serial "0x$number" \
		    -extfile "$usage" -out "$name.pem" "$@" 2>/dev/null
}
printf '%s\n' 'keyUsage = critical, digitalSignature' \
    'extendedKeyUsage = clientAuth' \
    'subjectAltName = DNS:node-1.example, IP:10.0.0.1' >usage.conf
grep -v extended usage.conf >no-usage.conf
usage=usage.conf
printf '%s\n' 'basicConstraints = critical, CA:TRUE' \
    'keyUsage = critical, keyCertSign, digitalSignature' \
    'extendedKeyUsage = clientAuth' >ca-usage.conf

node beyond
clock=-93d
node late
node late-key
node late-proof
clock=+1d
node early
clock=
pki clock accept >/dev/null 2>&1

for name in node-1 node-2 same-13 same-12 revoked held blocked retired \
    replaced on-hold released; do
	node "$name"
done
node listener listener
request meter-1
pki cert issue --profile auditor --csr meter-1.der --out meter-1.pem
pki cert revoke name:revoked --reason superseded >changes.txt
pki cert hold name:held >changes.txt
pki cert hold name:released >changes.txt
pki cert release name:released >changes.txt
pki cert revoke name:blocked --reason keyCompromise >changes.txt
pki device retire retired >changes.txt
pki device replace replaced >changes.txt
pki device hold on-hold >changes.txt

# What is no certificate of ours: the twins have node-1's names and serial.
node_subject='/O=Example Ltd/CN=node-1'
own=$(serial node-1.pem)
own=${own#serial=}
cp node-1.key twin-key.key
new_key twin-self.key
openssl req -x509 -key twin-self.key -subj "$node_subject" -days 30 \
    -set_serial "0x$own" -addext extendedKeyUsage=clientAuth \
    -addext keyUsage=digitalSignature -out twin-self.pem
issuer=$(openssl x509 -in chain.pem -noout -subject -nameopt compat)
issuer=/${issuer#subject=/}
new_key other-ca.key
openssl req -x509 -key other-ca.key -subj "$issuer" -days 30 -out other-ca.pem
forge other 1 "$issuer" -CA other-ca.pem -CAkey other-ca.key
openssl x509 -in chain.pem -out issuing.pem
set -- -CA other-ca.pem -CAkey other-ca.key
forge twin-other "$own" "$node_subject" "$@"
forge twin-key "$own" "$node_subject" "$@"
new_key middle.key
openssl req -new -key middle.key -subj '/CN=Middle' |
	openssl x509 -req -days 30 "$@" -extfile ca-usage.conf \
	    -out middle.pem 2>/dev/null
forge middle-leaf "$own" "$node_subject" -CA middle.pem -CAkey middle.key
cat middle.pem >>middle-leaf.pem
forge below-leaf "$own" "$node_subject" -CA node-1.pem -CAkey node-1.key
cat node-1.pem >>below-leaf.pem
# Signed by the CA's own key, and not on record.
set -- -CA issuing.pem -CAkey ca/keys/issuing.key
forge twin-der "$own" "$node_subject" "$@"
forge unknown 0123456789abcdef "$node_subject" "$@"
usage=ca-usage.conf
forge a-ca 0123456789abcdee /CN=Middle "$@"
usage=no-usage.conf
forge no-usage 0123456789abcded "$node_subject" "$@"

pki device add --profile node node-3 >changes.txt
pki -o json token create node-3 | read_tokens >token-3
openssl genrsa -out short.key 1024 2>/dev/null

start_daemon
raw reenroll "$port" "$log"
stop_daemon
pki audit verify >/dev/null || fail 'the audit log'
pki db check >/dev/null || fail 'the database'
