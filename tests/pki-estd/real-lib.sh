#!/bin/sh
# Read by tests of the daemon with a CA: ./ca, of root and issuing CA, with
# which pki-ctl works beside it.
: "${abs_top_srcdir:=$PWD}" "${abs_top_builddir:=$abs_top_srcdir/build}"
daemon=$abs_top_builddir/pki-estd
state=ca
# shellcheck source=tests/pki-estd/daemon-lib.sh
. "$abs_top_srcdir/tests/pki-estd/daemon-lib.sh"
program=$abs_top_builddir/.libs/pki-ctl
[ -x "$program" ] || program=$abs_top_builddir/pki-ctl

# With $clock set, such as "-100d", it is that time for it.
pki() {
	LD_LIBRARY_PATH=$abs_top_builddir/.libs \
	    ${clock:+faketime -f "$clock"} "$program" -q --dir ca "$@"
}

mkdir -p ca/templates
cp "$abs_top_srcdir"/ca-templates/*.conf ca/templates/
# With $passphrase set the issuing key is encrypted, and the daemon gets it as
# a credential of systemd.
if [ -n "${passphrase:-}" ]; then
	mkdir -m 0700 credentials
	(umask 077 && printf '%s\n' "$passphrase" \
	    >credentials/issuing-passphrase)
	export CREDENTIALS_DIRECTORY="$work/credentials"
fi
pki init --root-unencrypted ${passphrase:+--issuing-passphrase-file \
    credentials/issuing-passphrase} >/dev/null || fail 'init'
pki ca export root >ca.pem
cat >ca/pki-estd.conf <<'end'
names = [ "dns:localhost", "ip:127.0.0.1" ];
limit: { tries = 0; tries-per-address = 0; tries-per-token = 0;
    connections-per-address = 500; };
end

# tokens_for NAME...: registers, and prints a token for each.
tokens_for() {
	pki device add --profile auditor "$@" >/dev/null
	pki -o json token create "$@" | read_tokens
}
read_tokens() {
	sed -n 's/.*"token": *"\([^"]*\)".*/\1/p'
}

# request NAME [KEY]: NAME.key, new unless there is one, and NAME.b64.
request() {
	key=${2:-$1.key}
	[ -f "$key" ] || openssl ecparam -name prime256v1 -genkey -noout \
	    -out "$key"
	openssl req -new -key "$key" -subj "/CN=$1" -outform der \
	    -out "$1.der" 2>/dev/null
	base64 <"$1.der" >"$1.b64"
}

# post OPERATION REQUEST [CURL-OPTION...]
post() {
	operation=$1
	sent=$2
	shift 2
	ask "$est/$operation" -H 'Content-Type: application/pkcs10' \
	    --data-binary "@$sent" "$@"
}

# take NAME.pem: the certificate that came.
take() {
	base64 -d body | openssl pkcs7 -inform der -print_certs |
		openssl x509 -out "$1" || fail "no certificate for $1"
	openssl verify -CAfile chain.pem "$1" >/dev/null ||
		fail "$1 does not verify"
}
pki ca export --chain issuing >chain.pem

serial() {
	openssl x509 -in "$1" -noout -serial
}
