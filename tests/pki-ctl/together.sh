#!/bin/sh
# Several pki-ctl at once on one state directory.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"
new_ca
each=20

# issue_many LETTER: one after the other, while others do the same.
issue_many() {
	mkdir "$1"
	i=0
	while [ $i -lt $each ]; do
		pki -q cert issue --profile operator --name "operator-$1-$i" \
		    --new-key "$1/$i.key" --out "$1/$i.pem" || exit 1
		i=$((i + 1))
	done
}
for letter in a b; do
	issue_many $letter 2>$letter.err &
	children="$children $!"
done
last='cert issue, two loops at once' rc=0
for child in $children; do
	wait "$child" || rc=$?
done
children=
cat a.err b.err >.err
: >.out
[ $rc = 0 ] || fail 'wanted all to succeed'

serials=$(cat a/*.pem b/*.pem | openssl storeutl -noout -certs /dev/stdin |
    grep -c '^[0-9]*: Certificate')
[ "$serials" = $((each * 4)) ] ||
	fail "wanted $((each * 2)) files of two certificates"
expect_ok pki cert list --profile operator -o json
json "len(d) == 2 * $each and len({row['serial'] for row in d}) == 2 * $each"
expect_ok pki audit verify
expect_ok pki db check

# The same name at once: one gets it, the others learn why not.
names='1 2 3 4'
for i in $names; do
	pki cert issue --profile operator --name operator-twin --new-key "twin-$i.key" \
	    --out "twin-$i.pem" 2>"twin-$i.err" &
	children="$children $!"
done
won=0
for child in $children; do
	! wait "$child" || won=$((won + 1))
done
children=
cat twin-*.err >.err
last='cert issue of one name, four at once'
[ $won = 1 ] || fail "wanted one winner, there are $won"
[ "$(find . -name 'twin-*.pem' -o -name 'twin-*.key' | grep -c '')" = 2 ] ||
	fail 'wanted the files of the winner only'
[ "$(grep -c 'identity-taken: ' .err)" = 3 ] || fail 'wanted the rule named'
expect_ok pki cert list --name operator-twin -o json
json 'len(d) == 1'

# Revocations and publications at once: the last CRL has them all.
for i in 0 1 2 3 4 5; do
	pki -q cert revoke operator-a-$i >a-$i.out 2>a-$i.err &
	children="$children $!"
done
rc=0 last='cert revoke, six at once'
for child in $children; do
	wait "$child" || rc=$?
done
children=
cat a-*.err >.err
[ $rc = 0 ] || fail 'wanted all to succeed'
expect_ok pki crl show issuing -o json
json "d['entries'] == 6"
expect_ok pki audit verify
