#!/bin/sh
# Requests that are not whole, not signed well, of a weak key, or that ask to
# be more than a device: refused by the right rule, and nothing comes of them.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"
new_ca
new_csr good

# --- not one whole request --------------------------------------------------
openssl req -in good.csr -outform DER -out good.der
size=$(stat -c %s good.der)
head -c $((size - 1)) good.der >cut.der
bad der cut.der
head -c $((size / 2)) good.der >cut.der
bad der cut.der
(cat good.der && printf 0) >longer.der
bad der longer.der
sed '3s/./*/' good.csr >garbage.csr
bad pem garbage.csr
sed '/END/d' good.csr >open.csr
bad pem open.csr
sed 's/CERTIFICATE REQUEST/CERTIFICATE/' good.csr >label.csr
bad pem label.csr
# The wrong file is called so before anything in it is.
expect_ok pki ca export issuing --chain --out chain.pem
expect_exit 1 pki cert issue --profile auditor --csr chain.pem
expect_says "'block labelled CERTIFICATE' refused, accepted: CERTIFICATE REQUEST"

: >empty.csr
same_state expect_exit 1 pki cert issue --profile auditor --csr empty.csr
expect_says empty.csr
head -c 100000 /dev/zero >large.csr
same_state expect_exit 1 pki cert issue --profile auditor --csr large.csr
expect_says large.csr
same_state expect_exit 1 pki cert issue --profile auditor --csr nowhere.csr
expect_says 'nowhere.csr does not exist'

# --- the signature ----------------------------------------------------------
# One bit of s: still a number, but another one.
python3 - <<'END'
der = bytearray(open('good.der', 'rb').read())
der[-1] ^= 1
open('flipped.der', 'wb').write(der)
END
bad proof-of-possession flipped.der
for digest in md5 sha1; do
	csr -$digest -newkey rsa:2048
	bad signature-algorithm bad.csr
done

# --- the key ----------------------------------------------------------------
csr -newkey rsa:1024
bad key-size bad.csr
csr -newkey rsa:2048 -pkeyopt rsa_keygen_pubexp:3
bad key-exponent bad.csr
bad key-weak "$abs_top_srcdir/tests/fixtures/refused-roca.csr"
bad key-type "$abs_top_srcdir/tests/fixtures/refused-dsa.csr"
openssl ecparam -name prime192v1 -out p192.pem
csr -newkey ec:p192.pem
bad key-curve bad.csr
openssl ecparam -name P-256 -param_enc explicit -out explicit.pem
csr -newkey ec:explicit.pem
bad key-curve bad.csr

# --- extensions -------------------------------------------------------------
csr -addext basicConstraints=critical,CA:TRUE
bad basic-constraints bad.csr
csr -addext keyUsage=critical,digitalSignature,keyCertSign
bad key-usage bad.csr
csr -addext 1.2.3.4=critical,DER:0500
bad extension bad.csr
# What is not granted is not left out silently, critical or not.
for wish in 1.2.3.4=DER:0500 tlsfeature=status_request \
    certificatePolicies=1.2.3.4 'nameConstraints=permitted;DNS:example'; do
	csr -addext "$wish"
	bad extension bad.csr
done
expect_says 'basicConstraints, keyUsage, extKeyUsage, subjectKeyIdentifier'
