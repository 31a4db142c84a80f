#!/bin/sh
# The expectations bite: a program that says yes to everything fails each.
# shellcheck source=tests/pki-ctl/lib.sh
. "${abs_top_srcdir:-.}/tests/pki-ctl/lib.sh"

mkdir bin ca
cat >bin/yes-man <<'END'
#!/bin/sh
[ "$3" != touch ] || date >ca/touched
echo '{"Name": []}'
END
chmod +x bin/yes-man
program=$work/bin/yes-man

count=0
while read -r expectation; do
	# In a shell of its own, which the failure ends; its folder is ours.
	if (
		trap - EXIT
		expect_ok pki quiet
		eval "$expectation"
	) >.caught 2>&1 </dev/null; then
		echo "FAILED: did not bite: $expectation" >&2
		exit 1
	fi
	grep -q '^FAILED: wanted ' .caught || {
		echo "FAILED: bit for another reason: $expectation" >&2
		cat .caught >&2
		exit 1
	}
	count=$((count + 1))
done <<'END'
expect_exit 1 pki init
expect_exit 2 pki
expect_ok false
expect_says refused
expect_prints refused
echo other | expect_output
json "True"
json_error "True"
refused key-type pki cert issue
same_state expect_ok pki touch
same_state expect_exit 1 pki quiet
END
[ $count = 11 ]

# And what is fulfilled passes.
expect_ok pki quiet
expect_prints Name
same_state expect_ok pki quiet
