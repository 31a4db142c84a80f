#!/bin/sh
# pki-ctl cert list: filters and pages.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"
new_ca
meter meter-1
meter meter-2
expect_ok pki cert issue --profile broker --name broker-1 --validity 1d \
    --new-key broker.key --out broker.pem
expect_ok pki cert revoke meter-1

same_state expect_ok pki cert list
expect_output <<'END'
NAME             SERIAL                                   PROFILE    STATE   EXPIRES              EXPIRES-IN
root             SERIAL root-ca    good    TIME SPAN
issuing          SERIAL issuing-ca good    TIME SPAN
meter-1          SERIAL auditor    revoked TIME SPAN
meter-2          SERIAL auditor    good    TIME SPAN
broker-1         SERIAL broker     good    TIME SPAN
END

# names OPTION...: what these filters leave.
names() {
	expect_ok pki cert list -o json "$@"
	json "True"
	python3 -c 'import json, sys
print(*[row["name"] for row in json.load(sys.stdin)])' <.out
}
while read -r options; do
	read -r wanted
	# Words.
	# shellcheck disable=SC2086
	came=$(names $options) || exit 1
	[ "$came" = "$wanted" ] || fail "wanted '$wanted' by '$options', not '$came'"
done <<'END'
--state revoked
meter-1
--state good --profile auditor
meter-2
--name meter-1
meter-1
--ca root
root issuing
--expires-in 2d
broker-1
--limit 2
root issuing
--after 2 --limit 2
meter-1 meter-2
--after 5

END

expect_ok pki cert list --limit 2
expect_says 'There are more: --after 2'
expect_ok pki cert list --state held
expect_says 'No certificate fits.'
expect_ok pki cert list --state held -o json
json "d == []"

expect_exit 2 pki cert list --state bad
expect_says 'bad'
expect_exit 2 pki cert list --state revoked --expires-in 2d
refused profile pki cert list --profile auditer
refused ca pki cert list --ca nowhere
