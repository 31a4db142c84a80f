#!/bin/sh
# Usage: check-size.sh [SOURCE-ROOT]
# Fail on a function above 60 lines or a C file above 500.  Whoever needs more
# gives the reason: a comment with "long: why" in the line before the function
# or, for tables, in the first ten lines of the file.
cd "${1:-${abs_top_srcdir:-.}}" || exit 1
case $(ctags --version 2>/dev/null) in
*'Universal Ctags'*) ;;
*) echo 'SKIP: needs the Debian package universal-ctags'; exit 77 ;;
esac

find lib src tests -name '*.[ch]' | sort | awk '
function bad(what) {
	print what
	failed = 1
}
{
	file = $0
	n = marked = 0
	split("", line)
	while ((getline text < file) > 0) {
		line[++n] = text
		if (n <= 10 && text ~ /long: [a-z]/)
			marked = 1
	}
	close(file)
	if (n > 500 && !marked)
		bad(file ": " n " lines, 500 is the limit")

	# Criterion writes a function as Test(suite, name, options).
	tags = "ctags --languages=C --kinds-C=f --fields=+ne --sort=no" \
	    " -D \"Test(s,t,...)=void s##t(void)\"" \
	    " -o - --_xformat=\"%n %{end} %N\" -x " file
	while ((tags | getline) > 0) {
		# The return type stands in a line of its own.
		before = line[$1 - 2] line[$1 - 1]
		size = $2 - $1 + 1
		if (size > 60 && before !~ /long: [a-z]/)
			bad(file ":" $1 ": " $3 "() has " size \
			    " lines, 60 is the limit")
	}
	close(tags)
}
END { exit failed }
'
