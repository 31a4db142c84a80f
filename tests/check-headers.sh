#!/bin/sh
# Usage: check-headers.sh [SOURCE-ROOT]
# Fail when a header of lib does not compile alone; installed ones as C++ too.
cd "${1:-${abs_top_srcdir:-.}}" || exit 1
status=0
warn='-Wall -Wextra -Werror -fsyntax-only -D_GNU_SOURCE -Ilib'

# alone COMPILER LANGUAGE STANDARD HEADER
alone() {
	# CC may hold options.
	# shellcheck disable=SC2086
	printf '#include "%s"\n' "${4#lib/}" |
		$1 $warn -std="$3" -x "$2" - || {
		echo "$4: does not compile alone as $2"
		status=1
	}
}
for header in $(find lib -name '*.h' | sort); do
	alone "${CC:-cc}" c gnu11 "$header"
	grep -q '^PKI_BEGIN_DECLS' "$header" || [ "$header" = lib/pki.h ] ||
		continue
	! command -v g++ >/dev/null || alone g++ c++ gnu++17 "$header"
done
exit $status
