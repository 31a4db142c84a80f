#!/bin/sh
# pki-ctl version and help, and how wrong usage is answered.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"

expect_ok pki version
sed -i 's/[0-9][0-9.]*$/N/' .out
expect_output <<'END'
pki-ctl N
END
expect_ok pki --version
expect_ok pki version -o json
json "list(d) == ['version']"

# Each command is in the list, and its help says how it is used.
expect_ok pki help
cp .out list
count=0
while read -r noun verb; do
	# One word or two.
	# shellcheck disable=SC2086
	expect_ok pki help $noun $verb
	expect_prints "usage: pki-ctl $noun${verb:+ $verb}"
	cp .out help
	# shellcheck disable=SC2086
	expect_ok pki $noun $verb --help
	cmp .out help || fail 'wanted the same help by --help'
	grep -q "$noun.*$verb" list || fail "wanted '$noun $verb' in help"
	count=$((count + 1))
done <<'END'
init
status
ca list
ca show
ca export
profile list
profile show
profile check
cert issue
cert revoke
cert list
cert show
crl publish
crl show
crl verify
crl import
audit show
audit verify
audit head
db check
clock accept
version
help
END
[ $count = 23 ] || fail "wanted 23 commands, not $count"

expect_exit 2 pki
expect_says 'needs a command'
expect_exit 2 pki bogus
expect_says "unknown command 'bogus'"
expect_exit 2 pki cert
expect_says "needs a command of 'cert'"
expect_exit 2 pki cert bogus
expect_exit 2 pki cert isue
expect_says "unknown command 'cert isue', did you mean 'cert issue'?"
expect_exit 2 pki cret issue
expect_says "did you mean 'cert'?"
expect_exit 2 pki cert issue --profil auditor
expect_says "unknown option '--profil', did you mean '--profile'?"
expect_exit 2 pki version --colour
expect_says 'colour'
expect_exit 2 pki version one
expect_says "one argument too many: 'one'"
expect_exit 2 pki version -o xml
expect_exit 2 pki version one -o json
json_error "d['code'] == 'usage'"
expect_exit 2 pki help bogus

# A directory that a script forgot is not the usual one.
dir=''
expect_exit 2 pki status
expect_says '--dir is empty, wants a directory'
dir=ca
expect_exit 2 pki --conf '' status
expect_says '--conf is empty, wants a directory'
expect_exit 2 env PKI_DIR= LD_LIBRARY_PATH="$libraries" "$program" status
expect_says 'PKI_DIR is empty'

# Output that cannot be written is a failure.
last='pki version, to a full device'
rc=0
pki version >/dev/full 2>.err || rc=$?
[ "$rc" = 1 ] || fail 'wanted exit status 1'
