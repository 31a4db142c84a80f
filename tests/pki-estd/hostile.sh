#!/bin/sh
# What clients bring so that the server works for nothing is refused, and
# cheaply: keys, certificates, records, lines.
# shellcheck source=tests/pki-estd/real-lib.sh
. "${abs_top_srcdir:-.}/tests/pki-estd/real-lib.sh"

# No key but that of a good one is permitted, whatever the shipped one says.
sed -i '/types = /,/\];/c\\ttypes = [ "p256" ];' ca/templates/auditor.conf

# made NAME GENPKEY-OPTION...: NAME.der, a request by such a key.
made() {
	name=$1
	shift
	openssl genpkey -out "$name.key" "$@" 2>/dev/null
	openssl req -new -key "$name.key" -subj /CN=meter-1 -outform der \
	    -out "$name.der" 2>/dev/null
}
# self NAME [OPTION...]: NAME.crt, a client's certificate by itself.
self() {
	name=$1
	shift
	openssl req -x509 -new -key client.key -days 2 -out "$name.crt" "$@" \
	    2>/dev/null
}

token=$(tokens_for meter-1)
made good -algorithm EC -pkeyopt ec_paramgen_curve:P-256
made p521 -algorithm EC -pkeyopt ec_paramgen_curve:P-521
made ed25519 -algorithm ED25519
made client -algorithm EC -pkeyopt ec_paramgen_curve:P-256
self client -subj /CN=meter-1
i=0
cp client.crt chain.crt
while [ $i -lt 100 ]; do
	cat client.crt >>chain.crt
	i=$((i + 1))
done
cat >large.cnf <<end
[req]
distinguished_name = name
x509_extensions = extensions
[name]
[extensions]
1.2.3.4 = DER:04$(printf '82f000'; head -c 61440 /dev/zero | od -An -v -tx1 |
    tr -d ' \n')
end
self large -subj /CN=meter-1 -config large.cnf
cat >utf16.cnf <<'end'
[req]
distinguished_name = name
string_mask = MASK:0x800
prompt = no
[name]
CN = meter-1
end
self utf16 -config utf16.cnf
self nul -subj /CN=meterX1
openssl x509 -in nul.crt -outform der | LC_ALL=C sed 's/meterX1/meter\x001/g' |
	openssl base64 >nul.b64
{
	echo '-----BEGIN CERTIFICATE-----'
	cat nul.b64
	echo '-----END CERTIFICATE-----'
} >nul.crt
start_daemon
# So many names that the request may be read, and the certificate may not.
pki device add --profile server server-1 >added
pki -o json token create server-1 | read_tokens >secret
names=$(seq -f 'DNS:%055.0f.example' -s , 1 120)
openssl req -new -key good.key -subj /CN=server-1 -outform der -out many.der \
    -addext "subjectAltName=$names"
base64 <many.der >many.b64
post simpleenroll many.b64 -u ":$(cat secret)"
want 403 'more names than a certificate may have'
grep -q '^cert-size ' body || fail "many names: $(cat body)"

raw hostile "$port" "$token" "$(pid_of worker)" "$(pid_of issuer)"
stop_daemon
[ "$(pki -o json cert list --profile auditor | grep -c '"serial"')" = 1 ] ||
	fail 'more than the good one was issued'
pki audit verify >verified || fail 'the audit log'
