#!/bin/sh
# Usage: check-scripts-bite.sh [SOURCE-ROOT]
# A check that cannot fail checks nothing: each must pass on a small sound
# tree, and fail, naming the place, on the same tree with one thing wrong.
root=$(cd "${1:-${abs_top_srcdir:-.}}" && pwd) || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
tree=$work/tree
status=0

sound() {
	rm -rf "$tree"
	mkdir -p "$tree/lib/base" "$tree/lib/ca" "$tree/lib/policy" \
	    "$tree/src/pki-ctl" "$tree/src/pki-enroll" "$tree/src/pki-estd" \
	    "$tree/man" "$tree/tests" "$tree/ca-templates"
	cat >"$tree/lib/base/err.h" <<'C'
#define PKI_BEGIN_DECLS
PKI_BEGIN_DECLS
C
	printf '#include "base/err.h"\n' >"$tree/lib/pki.h"
	printf '#include "base/err.h"\n\nint base_x;\n' >"$tree/lib/base/x.c"
	printf '#include "base/err.h"\n\nint ca_x;\n' >"$tree/lib/ca/x.c"
	printf '#include "pki.h"\n\nint src_x;\n' >"$tree/src/pki-ctl/x.c"
	printf '#!/bin/sh\nexit 0\n' >"$tree/tests/x.sh"
	cat >"$tree/lib/policy/profile.c" <<'C'
const pki_setting pki_profile_settings[] = {
	{ .name = "key.types" },
};
C
	sed 's/profile/config/; s/key.types/base-url/' \
	    "$tree/lib/policy/profile.c" >"$tree/lib/ca/config.c"
	sed 's/pki_config/estd_config/; s/base-url/listen/' \
	    "$tree/lib/ca/config.c" >"$tree/src/pki-estd/config.c"
	sed 's/estd_config/enroll_conf/; s/listen/server/' \
	    "$tree/src/pki-estd/config.c" >"$tree/src/pki-enroll/conf.c"
	page pki-template 5 '.Bl -tag -width Ds' '.It Ic key.types' Types. .El
	page pki.conf 5 '.Bl -tag -width Ds' '.It Ic base-url' Where. .El
	page pki-estd.conf 5 '.Bl -tag -width Ds' '.It Ic listen' Where. .El
	page pki-enroll.conf 5 '.Bl -tag -width Ds' '.It Ic server' Where. .El
	page pki-ctl 8 '.Ss crl show' '.Bl -tag -width Ds' \
	    '.It Fl -ca Ar NAME' Whose. .El
	printf '#!/bin/sh\necho crl show --ca\n' >"$tree/pki-ctl"
	page pki-enroll 1 '.Ss renew'
	printf '#!/bin/sh\necho renew\n' >"$tree/pki-enroll"
	chmod +x "$tree/pki-ctl" "$tree/pki-enroll"
	# A release has no such folder, and then neither has the tree.
	[ ! -d "$root/debian" ] || {
		mkdir "$tree/debian"
		cp "$root/debian/pki-ctl.pki-crl-publish.service" \
		    "$tree/debian/x.service"
	}
}

# page NAME SECTION LINES...
page() {
	file=$tree/man/$1.$2
	printf '.Dd January 1, 2026\n.Dt %s %s\n.Os\n' "$1" "$2" >"$file"
	printf '.Sh NAME\n.Nm %s\n.Nd a page\n.Sh DESCRIPTION\n' "$1" >>"$file"
	shift 2
	printf '%s\n' "$@" >>"$file"
}

run() {
	PKI_CTL='' "$root/tests/check-$1.sh" "$tree" \
	    "$tree/pki-ctl" "$tree/pki-enroll" >"$work/out" 2>&1
}

# bites CHECK EXPECTED FILE TEXT: TEXT is added to FILE of a sound tree.
bites() {
	sound
	printf '%b' "$4" >>"$tree/$3"
	run "$1"
	case $? in
	77)	return ;;
	0)	echo "check-$1.sh does not notice: $4"
		status=1
		return ;;
	esac
	grep -qF -- "$2" "$work/out" || {
		echo "check-$1.sh does not say '$2' but:"
		cat "$work/out"
		status=1
	}
}

for check in headers layers man size text units; do
	sound
	run $check || [ $? = 77 ] || {
		echo "check-$check.sh refuses a sound tree:"
		cat "$work/out"
		status=1
	}
done

if [ -d "$root/debian" ]; then
	bites units "Unknown key 'Bogus'" debian/x.service \
	    '[Service]\nBogus=yes\n'
	bites units 'Overall exposure' debian/x.service \
	    '[Service]\nSystemCallFilter=\nRestrictNamespaces=no\nPrivateUsers=no\n'
	bites units 'x.service' debian/x.service '[Service]\nExecStart=\n'
fi
bites layers 'lib/base/x.c:4: lib/base must not' lib/base/x.c \
    '#include "ca/x.h"\n'
bites layers 'lib/ca/x.c:4: lib/ca must not' lib/ca/x.c '#include "x.h"\n'
bites layers 'src/pki-ctl must not' src/pki-ctl/x.c '#include "base/err.h"\n'
bites layers 'lib/ca/x.c:4: <openssl>' lib/ca/x.c '#include <openssl/evp.h>\n'
bites layers '<sqlite3>' src/pki-ctl/x.c '#include <sqlite3.h>\n'
bites layers '<libconfig>' lib/base/x.c '#include <libconfig.h>\n'
bites layers '<jansson>' lib/base/x.c '# include <jansson.h>\n'
bites layers '<libsmartcols>' src/pki-ctl/x.c \
    '#include <libsmartcols/libsmartcols.h>\n'
bites layers 'only lib/ca/sign.c' lib/ca/x.c \
    'int\nx(void)\n{\n\treturn pki_signer_sign(0, 0, 0, 0);\n}\n'

lines() { printf '\tx();\\n%.0s' $(seq "$1"); }
bites size 'lib/ca/x.c:5: f() has 61 lines' lib/ca/x.c \
    "void\nf(void)\n{\n$(lines 58)}\n"
bites size 'has 61 lines' tests/x.c \
    "#include <criterion/criterion.h>\nTest(a, b)\n{\n$(lines 58)}\n"
bites size 'lib/ca/x.c: 503 lines' lib/ca/x.c "$(lines 500)"

bites text 'lib/ca/x.c:4: space at the end' lib/ca/x.c 'int a; \n'
bites text 'lib/ca/x.c:4: indent' lib/ca/x.c '        int a;\n'
bites text 'lib/ca/x.c:4: not ASCII' lib/ca/x.c '/* \303\251 */\n'
bites text 'lib/ca/x.c:4: 84 columns' lib/ca/x.c \
    "\t/* $(printf '%070d' 0) */\n"
bites text 'lib/ca/x.c:4: comments are' lib/ca/x.c 'int a; // b\n'
bites text 'lib/ca/x.c:4: unfinished' lib/ca/x.c '/* TO''DO: all */\n'
bites text 'no end' lib/ca/x.c 'int a;'
! command -v shellcheck >/dev/null ||
	bites text 'SC2086' tests/x.sh "rm \$HOME\\n"

bites man 'unknown macro' man/pki-ctl.8 '.Xx\n'
bites man "setting 'key.sort' does not" man/pki-template.5 \
    '.Bl -tag -width Ds\n.It Ic key.sort\nSort.\n.El\n'
bites man "setting 'key.sort' is missing" lib/policy/profile.c \
    'const pki_setting pki_profile_settings[] = {\n\t{ .name = "key.sort" },\n};\n'
bites man "setting 'crl' is missing" lib/ca/config.c \
    'const pki_setting pki_config_settings[] = {\n\t{ "crl", 1 },\n};\n'
bites man "setting 'host' is missing" src/pki-estd/config.c \
    'const pki_setting estd_config_settings[] = {\n\t{ "host", 1 },\n};\n'
bites man "'crl verify' is missing" pki-ctl 'echo crl verify\n'
bites man "'crl show --all' is missing" pki-ctl 'echo crl show --all\n'
bites man "'rekey' is missing" pki-enroll 'echo rekey\n'
bites man "'crl show --all' does not" man/pki-ctl.8 \
    '.Bl -tag -width Ds\n.It Fl -all\nAll.\n.El\n'

bites headers 'lib/base/err.h: does not compile alone as c' lib/base/err.h \
    'pki_bytes x(void);\n'
! command -v g++ >/dev/null ||
	bites headers 'alone as c++' lib/base/err.h 'int class(void);\n'
exit $status
