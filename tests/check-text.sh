#!/bin/sh
# Usage: check-text.sh [SOURCE-ROOT]
# Fail on text that the style forbids; scripts must pass shellcheck.
cd "${1:-${abs_top_srcdir:-.}}" || exit 1
status=0

# Names are free of spaces by our own naming.
# shellcheck disable=SC2046
LC_ALL=C awk '
function bad(what) {
	printf "%s:%d: %s\n", FILENAME, FNR, what
	failed = 1
}
function width(text,    i, columns) {
	for (i = 1; i <= length(text); i++)
		columns += substr(text, i, 1) == "\t" ? 8 - columns % 8 : 1
	return columns
}
{ code = FILENAME ~ /\.[ch]$/ }
/[ \t]$/ { bad("space at the end of the line") }
/\r/ { bad("carriage return") }
/(TO)DO|(FIX)ME|(^|[^X])X(XX)([^X]|$)/ { bad("unfinished: " $0) }
code && /^        / { bad("indent by tabs") }
code && /[^\t\n\r -~]/ { bad("not ASCII") }
code && width($0) > 80 { bad(width($0) " columns, 80 is the limit") }
code {
	# What stands in a literal is no comment.
	gsub(/\\./, "")
	gsub(/\047"\047/, "")
	gsub(/"[^"]*"/, "")
	if ($0 ~ /(^|[^:*])\/\//)
		bad("comments are written /* so */")
}
END { exit failed }
' $(find lib src tests man ca-templates -type f \( -name '*.[ch]' -o \
    -name '*.sh' -o -name '*.mk' -o -name '*.[1-8]' -o -name '*.conf' \) |
    sort) || status=1

for file in $(find lib src tests man ca-templates -type f -name '*.*' |
    sort); do
	[ -z "$(tail -c 1 "$file" | tr -d '\n')" ] || {
		echo "$file: the last line has no end"
		status=1
	}
done

if ! command -v shellcheck >/dev/null; then
	echo 'not checked: scripts (the Debian package shellcheck is missing)'
	exit $status
fi
scripts=
for file in autogen.sh check quickstart .ci/run \
    $(find tests src -type f | sort); do
	[ -f "$file" ] || continue
	case $(head -n 1 "$file" | tr -d '\0') in
	'#!'*sh) scripts="$scripts $file" ;;
	esac
done
# shellcheck disable=SC2086
shellcheck -x -e SC2034,SC2119 $scripts || status=1
exit $status
