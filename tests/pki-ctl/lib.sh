#!/bin/sh
# Read by every test here: a folder of its own, the program, and what a test
# may expect of it.  A failed expectation prints what was wanted and what came.
set -eu
umask 022
export LC_ALL=C

: "${abs_top_srcdir:=$PWD}" "${abs_top_builddir:=$abs_top_srcdir/build}"
export abs_top_srcdir abs_top_builddir
templates=$abs_top_srcdir/ca-templates

# Not libtool's wrapper: that is a shell, and would feel LD_PRELOAD too.
program=$abs_top_builddir/.libs/pki-ctl
libraries=$abs_top_builddir/.libs
[ -x "$program" ] || program=$abs_top_builddir/pki-ctl

work=$(mktemp -d "${TMPDIR:-/tmp}/pki-ctl-test.XXXXXX")
children=
end_test() {
	for child in $children; do
		kill "$child" 2>/dev/null || :
	done
	rm -rf "$work"
}
trap end_test EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$work"
cd "$work"
unset PKI_DIR
# Nobody is asked, whoever runs the tests.
exec </dev/null

# What was run last; its streams are in .out and .err, its end in $rc.
last='' rc=0
run() {
	last="$*" rc=0
	"$@" >"$work/.out" 2>"$work/.err" || rc=$?
}

fail() {
	{
		printf 'FAILED: %s\n  after: %s\n  exit status %s\n' "$1" \
		    "$last" "$rc"
		sed 's/^/  stdout: /' "$work/.out"
		sed 's/^/  stderr: /' "$work/.err"
	} >&2
	exit 1
}

skip() {
	printf 'SKIP: %s\n' "$1"
	exit 77
}

# The program with the state directory ./ca, or $dir.
dir=ca
pki() {
	LD_LIBRARY_PATH=$libraries "$program" --dir "$dir" "$@"
}

new_ca() {
	expect_ok pki init --name Test --base-url http://pki.test \
	    --templates "$templates" --root-unencrypted
}

expect_exit() {
	wanted=$1
	shift
	run "$@"
	[ "$rc" = "$wanted" ] || fail "wanted exit status $wanted"
}

expect_ok() { expect_exit 0 "$@"; }

# The talk of the last command holds these words.
expect_says() {
	grep -qF -e "$1" "$work/.err" || fail "wanted on stderr: $1"
}

expect_prints() {
	grep -qF -e "$1" "$work/.out" || fail "wanted on stdout: $1"
}

# Serials, hashes, times and spans differ from run to run.
mask() {
	sed -E 's/\b[0-9a-f]{64}\b/HASH/g; s/\b[0-9a-f]{40}\b/SERIAL/g
	    s/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z/TIME/g
	    s/\b[0-9]+ (y|d|h|m|min) [0-9]+ (d|h|m|min|s)\b/SPAN/g'
}

# The output of the last command, masked, is what stands on our stdin.
expect_output() {
	cat >"$work/.wanted"
	mask <"$work/.out" >"$work/.came"
	diff -u "$work/.wanted" "$work/.came" >&2 || fail 'wanted other output'
}

# Read the stream as JSON by python3: lower-case keys, lists as one object a
# line; then the expression, over its value d, must be true.
check_json() {
	python3 - "$1" "$2" >&2 <<-'PYTHON' || fail "wanted of $1: $2"
		import json, re, sys
		text = open(sys.argv[1]).read()
		d = json.loads(text)
		def keys(value):
		    if isinstance(value, dict):
		        for key, inner in value.items():
		            yield key
		            yield from keys(inner)
		    if isinstance(value, list):
		        for inner in value:
		            yield from keys(inner)
		for key in keys(d):
		    assert re.fullmatch(r'[a-z0-9.-]+', key), key
		if isinstance(d, list) and d:
		    lines = text.strip().split('\n')
		    assert lines[0] == '[' and lines[-1] == ']', lines
		    rows = [json.loads(line.rstrip(',')) for line in lines[1:-1]]
		    assert rows == d, 'not one object a line'
		if not eval('(%s)' % sys.argv[2]):
		    sys.exit('not so: %s\nin: %s' % (sys.argv[2], text))
	PYTHON
}

# json EXPRESSION: of what the last command printed.
json() { check_json "$work/.out" "$1"; }
json_error() { check_json "$work/.err" "$1"; }

# refused RULE COMMAND...: exit 1; the rule, the value, what is accepted and a
# sentence are named.  Runs it with -o json and without.
refused() {
	rule=$1
	shift
	expect_exit 1 "$@" -o json
	json_error "d['rule'] == '$rule' and d['value'] is not None and
	    d['accepts'] and '$rule' in d['error']"
	expect_exit 1 "$@"
	expect_says "$rule: "
	expect_says ' refused, accepted: '
}

# Every file below a directory: name, mode, contents.  Without -shm: readers
# leave their marks in SQLite's shared memory, which no restart reads.
state_of() {
	(cd "$1" && find . ! -name 'ca.db-shm' -printf '%p %y %m %U\n' | sort &&
	    find . -type f ! -name 'ca.db-shm' -exec sha256sum {} + | sort)
}

# same_state COMMAND...: it may say yes or no, but changes nothing in $dir.
same_state() {
	state_of "$dir" >"$work/.before"
	"$@"
	state_of "$dir" >"$work/.after"
	diff "$work/.before" "$work/.after" >&2 ||
		fail 'wanted the state directory unchanged'
}

# new_csr NAME [OPTION...]: NAME.key and NAME.csr by openssl, P-256.
new_csr() {
	csr=$1
	shift
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
	    -keyout "$csr.key" -out "$csr.csr" -subj "/CN=$csr" "$@" \
	    2>"$work/.openssl" || {
		cat "$work/.openssl" >&2
		exit 1
	}
}

# csr OPTION...: bad.csr with these options of openssl req.
csr() {
	[ -e p256.pem ] || openssl ecparam -name P-256 -out p256.pem
	openssl req -new -newkey ec:p256.pem -noenc -keyout bad.key \
	    -out bad.csr -subj /CN=bad "$@" 2>.openssl || {
		cat .openssl
		exit 1
	}
}

# bad RULE FILE [OPTION...]: an auditor's request that is refused.
bad() {
	bad_rule=$1 bad_file=$2
	shift 2
	same_state refused "$bad_rule" pki cert issue --profile auditor \
	    --csr "$bad_file" --out out.pem "$@"
	[ ! -e out.pem ] || fail 'wanted no output file'
}

# meter NAME: an auditor with a certificate in NAME.pem.
meter() {
	new_csr "$1"
	expect_ok pki cert issue --profile auditor --csr "$1.csr" --out "$1.pem"
}

# tamper SQL: change the database as our triggers would not let.
tamper() {
	sqlite3 "$dir/ca.db" '.dbconfig enable_trigger off' "$1" >"$work/.sql"
}

# As an ordinary user, whoever runs the tests.
nobody() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid 65534 --regid 65534 --clear-groups -- "$@"
	else
		"$@"
	fi
}
