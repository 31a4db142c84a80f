#!/bin/sh
# A full disk: a sentence, nothing issued, and all is well when there is room.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"

# A small disk of our own, in a mount namespace that ends with this test.
if [ -z "${PKI_TEST_PRIVATE:-}" ]; then
	user=-rU
	[ "$(id -u)" != 0 ] || user=
	# An option, or none.
	# shellcheck disable=SC2086
	unshare $user -m true 2>/dev/null ||
		skip 'this machine permits no mount namespace (unshare)'
	cd /
	rm -rf "$work"
	# shellcheck disable=SC2086
	PKI_TEST_PRIVATE=1 exec unshare $user -m \
	    "$abs_top_srcdir/tests/pki-ctl/disk-full.sh"
fi
mkdir disk
mount -t tmpfs -o size=1m,mode=755 tmpfs disk ||
	skip 'this machine permits no tmpfs in a namespace'
dir=disk/ca
trap 'cd /; umount "$work/disk" || :; end_test' EXIT
# In a namespace of ours what others own is nobody's, and so not to be trusted.
cp -r "$templates" templates
templates=templates

new_ca
new_csr meter-1
new_csr meter-2
expect_ok pki cert issue --profile auditor --csr meter-1.csr --out meter-1.pem

# Without any room, and with one page, two, ... of it.
room=0
while [ $room -lt 12 ]; do
	dd if=/dev/zero of=disk/ballast bs=4096 2>ballast.err || :
	truncate -s "-$((room * 4096))" disk/ballast
	run pki cert issue --profile auditor --csr meter-2.csr --out meter-2.pem
	[ $rc != 0 ] || break
	[ $rc = 1 ] || fail 'wanted exit status 1'
	[ -s .err ] || fail 'wanted a sentence'
	[ ! -e meter-2.pem ] || fail 'wanted no certificate'
	expect_ok pki cert list --name meter-2 -o json
	json 'd == []'
	expect_ok pki status
	rm disk/ballast
	expect_ok pki audit verify
	room=$((room + 1))
done
[ $room -gt 0 ] || fail 'wanted a full disk to be noticed'

rm -f disk/ballast
expect_ok pki db check
[ -e meter-2.pem ] ||
	expect_ok pki cert issue --profile auditor --csr meter-2.csr
expect_ok pki cert revoke meter-1
expect_ok pki crl verify disk/ca/public/crl/issuing/full.crl
