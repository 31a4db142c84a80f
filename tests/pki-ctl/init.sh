#!/bin/sh
# pki-ctl init: a root and an issuing CA.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"

# A dry run makes nothing at all.
expect_ok pki init --dry-run --templates "$templates"
expect_says 'nothing was made in ca'
[ ! -e ca ] || fail 'wanted no state directory after a dry run'
mkdir empty
dir=empty
same_state expect_ok pki init --dry-run --templates "$templates"
dir=ca

# The root key needs a passphrase, or a word that it needs none.
refused passphrase pki init --templates "$templates" </dev/null
expect_says '--root-passphrase-file FILE'
[ ! -e ca ] || fail 'wanted no state directory after a refusal'
expect_exit 2 pki init --root-unencrypted --root-passphrase-fd 3
expect_exit 2 pki init --algorithm rsa512 --root-unencrypted
expect_exit 1 pki init --root-unencrypted --templates nowhere
expect_says 'there are no templates'

new_ca
expect_says "Made the CAs 'root' (p256) and 'issuing' (p256)."
[ ! -s .out ] || fail 'wanted nothing on stdout'
find ca -printf '%m %p\n' | sort -k 2 | grep -v -e '\.conf$' >.out
expect_output <<'END'
711 ca
600 ca/ca.db
600 ca/ca.db-shm
600 ca/ca.db-wal
600 ca/floor
700 ca/keys
600 ca/keys/issuing.key
600 ca/keys/root.key
600 ca/keys/token.key
755 ca/public
755 ca/public/ca
644 ca/public/ca/issuing-chain.pem
644 ca/public/ca/issuing.cer
644 ca/public/ca/root-chain.pem
644 ca/public/ca/root.cer
755 ca/public/crl
755 ca/public/crl/issuing
644 ca/public/crl/issuing/chain.pem
644 ca/public/crl/issuing/full.crl
644 ca/public/crl/issuing/full.pem
755 ca/public/crl/root
644 ca/public/crl/root/chain.pem
644 ca/public/crl/root/full.crl
644 ca/public/crl/root/full.pem
600 ca/public/issuing.lock
600 ca/public/root.lock
755 ca/templates
600 ca/write.lock
END

# A second one is refused and touches nothing.
same_state expect_exit 1 pki init --root-unencrypted --templates "$templates"
expect_says 'there is a CA in ca already'

# A marker that somebody put there makes no CA the rest of one.
touch ca/init.unfinished
expect_exit 1 pki status
expect_says 'run init again'
same_state expect_exit 1 pki init --root-unencrypted --templates "$templates"
expect_says 'there is a whole CA in ca, which init does not clear away'
cp ca/ca.db kept
head -c 90112 /dev/urandom >ca/ca.db
same_state expect_exit 1 pki init --root-unencrypted --templates "$templates"
mv kept ca/ca.db
rm ca/init.unfinished
expect_ok pki status

# Where others may write is no place for a CA.
for place in . keys templates; do
	for mode in g+w o+w; do
		chmod $mode ca/$place
		refused file-mode pki status
		expect_says 'chmod go-w'
		chmod go-w ca/$place
	done
done
expect_ok pki status
if [ "$(id -u)" = 0 ]; then
	mkdir -m 777 open
	dir=open
	refused file-mode pki init --root-unencrypted --templates "$templates"
	[ -z "$(ls -A open)" ] || fail 'wanted nothing made'
fi

# JSON, other keys, a partitioned CRL.
dir=other
expect_ok pki init --root-unencrypted --templates "$templates" -o json \
    --algorithm rsa3072 --root-algorithm p384 --crl partitioned
json "d == {'state': 'other', 'conf': 'other', 'offline-root': None,
    'dry-run': False}"
expect_ok pki ca list -o json
json "[ca['key-type'] for ca in d] == ['p384', 'rsa3072']"

# An offline root lies in a directory of its own, and its key only there.
dir=online
ln -s . here
for same in ./online here/online "$PWD/online/"; do
	expect_exit 1 pki init --root-unencrypted --templates "$templates" \
	    --offline-root "$same"
	expect_says 'needs a directory of its own'
done
[ ! -e online ] || fail 'wanted nothing made'
expect_ok pki init --root-unencrypted --templates "$templates" \
    --offline-root offline
[ -e offline/keys/root.key ] || fail 'wanted offline/keys/root.key'
[ ! -e online/keys/root.key ] || fail 'wanted no root key in online'
expect_ok pki ca list -o json
json "[(ca['name'], ca['key']) for ca in d] ==
    [('root', 'elsewhere'), ('issuing', 'here')]"
dir=offline
expect_ok pki crl publish root
dir=online
expect_ok pki crl import offline/public/crl/root/full.crl
expect_prints ' crl/root/full.crl'
same_state expect_exit 1 pki crl import offline/public/crl/root/full.crl
expect_says "this CRL, number 2 of 'root', is published here already"
# What is here only in part says where the rest is.
expect_exit 1 pki crl publish root
expect_says 'sign where the key is'
expect_exit 1 pki cert revoke issuing
expect_says "on record where the key of its issuer is"
