#!/bin/sh
# Names that no device may have, or not this one.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"
new_ca
meter live
new_csr good
openssl req -in good.csr -outform DER -out good.der

# cn HEX: bad.csr, signed rightly, with these octets as the common name; for
# what openssl itself would not make.
cn() {
	python3 - "$1" <<-'PYTHON'
		import subprocess, sys
		def tlv(tag, body):
		    size = len(body)
		    head = [size] if size < 128 else [0x81, size] \
		        if size < 256 else [0x82, size >> 8, size & 255]
		    return bytes([tag] + head) + body
		def children(der):
		    while der:
		        skip = 2 + (der[1] & 127 if der[1] > 127 else 0)
		        size = int.from_bytes(der[2:skip], 'big') if skip > 2 \
		            else der[1]
		        yield der[:skip + size], der[skip:skip + size]
		        der = der[skip + size:]
		(_, request), = children(open('good.der', 'rb').read())
		(_, info), (algorithm, _), _ = children(request)
		version, name, key, attributes = [der for der, _ in children(info)]
		name = tlv(0x30, tlv(0x31, tlv(0x30, bytes.fromhex('0603550403') +
		    tlv(0x0c, bytes.fromhex(sys.argv[1])))))
		info = tlv(0x30, version + name + key + attributes)
		signature = subprocess.run(['openssl', 'dgst', '-sha256', '-sign',
		    'good.key'], input=info, stdout=subprocess.PIPE, check=True)
		open('bad.csr', 'wb').write(tlv(0x30, info + algorithm +
		    tlv(0x03, bytes(1) + signature.stdout)))
	PYTHON
}
hex() { printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n'; }

csr -addext 'subjectAltName=DNS:broker-1'
bad alt-name bad.csr
csr -subj /CN=broker-9 -addext 'subjectAltName=DNS:*.example.net'
same_state refused wildcard pki cert issue --profile broker \
    --csr bad.csr --out out.pem
for name in broker-1 BROKER-1 central-server all ocsp-x operator; do
	csr -subj /CN=$name
	bad identity-reserved bad.csr
done
# A server is known by its host name: nobody has a broker's but brokers.
for profile in server-1:server bridge-1:bridge est-1:est-server; do
	csr -subj "/CN=${profile%:*}" -addext subjectAltName=DNS:broker-7
	same_state refused alt-name-reserved pki cert issue \
	    --profile "${profile#*:}" --csr bad.csr --out out.pem
done
expect_ok pki cert issue --profile broker --name broker-1 --new-key b.key \
    --alt-name dns:mqtt.example --out broker.pem
csr -subj /CN=server-1 -addext subjectAltName=DNS:mqtt.example
same_state refused alt-name-taken pki cert issue --profile server \
    --csr bad.csr --out out.pem
expect_says "'dns:mqtt.example of broker-1, profile broker' refused"
same_state expect_ok pki cert issue --profile server --csr bad.csr --dry-run \
    --share-names
csr -subj /CN=LIVE
bad identity-taken bad.csr
csr -subj /CN=meter-1/CN=meter-2
bad subject bad.csr
csr -subj /CN=meter-1/O=Example
bad subject bad.csr
csr -subj /O=Example
bad subject bad.csr
csr -subj /CN=meter-1
bad subject bad.csr --name meter-2
cn "$(hex m)"
same_state expect_ok pki cert issue --profile auditor --csr bad.csr --dry-run
for octets in 2f 2b 23 24 25 3a 20 c3a4 e282ac; do
	cn "6d65${octets}746572"
	bad identity bad.csr
done
# Control characters, and octets that are no UTF-8.
for octets in 00 09 0a 7f c2 c0af eda080; do
	cn "6d65${octets}746572"
	bad name bad.csr
done
cn "$(hex "$(printf '%064d' 7)")"
same_state expect_ok pki cert issue --profile auditor --csr bad.csr --dry-run
cn "$(hex "$(printf '%065d' 7)")"
bad name bad.csr
cn ''
bad name bad.csr
bad identity good.csr --name me/ter
