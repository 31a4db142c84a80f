#!/bin/sh
# Where --out and --new-key may write, and what they must not replace.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"
new_ca
new_csr meter-1

# Every way to name a place: cert issue, ca export.
# denied FILE: nothing is written there, by no command.
denied() {
	same_state refused managed-file pki cert issue --profile auditor \
	    --csr meter-1.csr --out "$1"
	same_state refused managed-file pki cert issue --profile broker \
	    --name broker-1 --alt-name dns:broker.test --new-key "$1" --force
	same_state refused managed-file pki ca export issuing --out "$1"
}
mkdir else
ln -s ../ca else/ca
ln -s ../ca/keys else/keys
ln ca/keys/issuing.key else/second
ln ca/floor else/floor
for file in ca/ca.db ca/ca.db-wal ca/ca.db-journal ca/floor ca/pki.conf \
    ca/write.lock ca/init.unfinished ca/keys/issuing.key ca/keys/new.key \
    ca/public/crl/issuing/full.crl ca/public/issuing.lock \
    ca/templates/auditor.conf ca/templates/new.conf "$work/ca/floor" \
    ./ca/../ca//floor else/ca/floor else/keys/issuing.key else/keys/new.key \
    else/second else/floor; do
	denied "$file"
done
(cd ca && last='pki in the state directory' && dir=. &&
    ! pki ca export issuing --out floor 2>../.err) ||
	fail 'wanted no place in the state directory itself'
expect_says "managed-file: 'floor' refused"

# Settings elsewhere are the CA's too.
mkdir conf
cp -r ca/pki.conf ca/templates conf
refused managed-file pki --conf conf ca export issuing --out conf/pki.conf
refused managed-file pki --conf conf ca export issuing \
    --out conf/templates/auditor.conf
expect_ok pki --conf conf ca export issuing --out conf/issuing.pem

# --- without doing it -------------------------------------------------------
mkdir full
for option in '--out ca/floor' '--out none/x.pem' '--out full' \
    '--out meter-1.key'; do
	# Two words.
	# shellcheck disable=SC2086
	expect_exit 1 pki cert issue --profile auditor --csr meter-1.csr \
	    $option
	cp .err .said
	# shellcheck disable=SC2086
	same_state expect_exit 1 pki cert issue --profile auditor \
	    --csr meter-1.csr --dry-run $option
	cmp .err .said || fail "wanted $option refused as without --dry-run"
done
broker() {
	pki cert issue --profile broker --name broker-1 \
	    --alt-name dns:broker.test --new-key "$@"
}
expect_exit 1 broker meter-1.key --dry-run
expect_says 'meter-1.key exists; --force replaces it'
expect_ok broker meter-1.key --dry-run --force
expect_ok broker new.key --dry-run --out new.pem
for file in new.key new.pem; do
	[ ! -e $file ] || fail 'wanted nothing made'
done

# The old key of a command that was killed is pointed out, and kept.
mkdir keys
cp meter-1.key keys/.broker.key.4711.old
cp meter-1.key keys/.broker.key.old
cp meter-1.key keys/.broker.key.1.old.tmp
cp meter-1.key keys/.other.key.4711.old
expect_ok broker keys/broker.key --dry-run
expect_says 'warning: keys/.broker.key.4711.old is a key that was being '
expect_says 'replaced: put it back, or remove it'
[ "$(grep -c warning .err)" = 1 ] || fail 'wanted one warning'
cp meter-1.key keys/broker.key
expect_exit 1 broker keys/broker.key
expect_says 'keys/.broker.key.4711.old'
(cd keys && last='pki beside the key' && dir=../ca &&
    pki cert issue --profile broker --name broker-2 \
    --alt-name dns:broker.test --new-key broker.key --force 2>../.err \
    >../.out) || fail 'wanted the key replaced'
expect_says 'warning: .broker.key.4711.old is a key'
cmp meter-1.key keys/.broker.key.4711.old || fail 'wanted the old key kept'
rm keys/.broker.key.4711.old
expect_ok broker keys/broker.key --dry-run --force
! grep warning .err || fail 'wanted no warning'

# What is nobody's is free, also beside the CA's files.
expect_ok pki ca export issuing --out ca/issuing.pem
expect_ok pki ca export issuing --out else/issuing.pem

# --- keys -------------------------------------------------------------------
openssl pkey -in meter-1.key -out pkcs8.der -outform DER
openssl ec -in meter-1.key -out sec1.der -outform DER 2>.openssl
openssl pkcs8 -topk8 -in meter-1.key -passout pass:x -out encrypted.der \
    -outform DER
openssl genrsa -traditional -out rsa.pem 2048 2>.openssl
openssl rsa -traditional -in rsa.pem -out pkcs1.der -outform DER 2>.openssl
expect_ok pki ca export issuing --out issuing.pem
openssl pkcs12 -export -inkey ca/keys/issuing.key -in issuing.pem \
    -passout pass:x -out keys.p12
cp meter-1.key plain.pem
for key in plain.pem rsa.pem pkcs8.der sec1.der encrypted.der pkcs1.der \
    keys.p12; do
	cp "$key" before
	expect_exit 1 pki ca export issuing --out "$key"
	expect_says "$key holds a private key and is not replaced"
	cmp "$key" before || fail "wanted $key as it was"
done
# What is no key is replaced.
openssl x509 -in issuing.pem -outform DER -out cert.der
openssl req -in meter-1.csr -outform DER -out csr.der
openssl pkey -in meter-1.key -pubout -outform DER -out public.der
for file in cert.der csr.der public.der issuing.pem; do
	expect_ok pki ca export issuing --out "$file"
	cmp "$file" else/issuing.pem || fail "wanted $file replaced"
done
