#!/bin/sh
# Usage: check-man.sh [SOURCE-ROOT [PKI-CTL [PKI-ENROLL]]]
# Fail when a manual page is malformed or differs from the tables in the code:
# settings stand as ".It Ic group.setting", commands as ".Ss noun verb" with
# their options as ".It Fl -option" below.
root=${1:-${abs_top_srcdir:-.}}
pki_ctl=${2:-${PKI_CTL:-./pki-ctl}}
pki_enroll=${3:-${abs_top_builddir:-.}/pki-enroll}
cd "$root" || exit 1
command -v mandoc >/dev/null || {
	echo 'SKIP: needs the Debian package mandoc'
	exit 77
}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
status=0

mandoc -T lint -W warning man/*.[1-8] || status=1

# same CODE-LIST MANUAL-LIST WHAT PAGE
same() {
	sort "$1" >"$1.sorted"
	sort "$2" >"$2.sorted"
	[ -s "$1.sorted" ] || echo "$3: none found in the code" >>"$work/bad"
	comm -23 "$1.sorted" "$2.sorted" |
		sed "s|.*|$4: $3 '&' is missing|" >>"$work/bad"
	comm -13 "$1.sorted" "$2.sorted" |
		sed "s|.*|$4: $3 '&' does not exist or stands twice|" \
		>>"$work/bad"
}

# settings SOURCE TABLE PAGE
settings() {
	awk -v table="$2" '
	$0 ~ "pki_setting.*" table "\\[" { inside = 1 }
	inside && match($0, /(^\t\{ |\.name = )"[^"]*"/) {
		split(substr($0, RSTART, RLENGTH), quoted, "\"")
		print quoted[2]
	}
	inside && /^};/ { inside = 0 }
	' "$1" >"$work/code"
	sed -n 's/^\.It Ic //p' "man/$3" >"$work/page"
	same "$work/code" "$work/page" setting "man/$3"
}
settings lib/policy/profile.c pki_profile_settings pki-template.5
settings lib/ca/config.c pki_config_settings pki.conf.5
settings src/pki-enroll/conf.c enroll_conf_settings pki-enroll.conf.5
settings src/pki-estd/config.c estd_config_settings pki-estd.conf.5

# commands PROGRAM PAGE
commands() {
	"$1" help --list | awk '{
		name = ""
		for (i = 1; i <= NF && $i !~ /^-/; i++)
			name = name (i > 1 ? " " : "") $i
		print name
		for (; i <= NF; i++)
			print name " " $i
	}' >"$work/code"
	awk '
	/^\.S[hs] / { name = "" }
	/^\.Ss / { name = substr($0, 5); gsub(/"/, "", name); print name }
	name != "" && /^\.It Fl / {
		for (i = 2; i < NF; i++)
			if ($i == "Fl")
				print name " -" $(i + 1)
	}
	' "man/$2" >"$work/page"
	same "$work/code" "$work/page" 'command or option' "man/$2"
}
commands "$pki_ctl" pki-ctl.8
commands "$pki_enroll" pki-enroll.1

[ ! -s "$work/bad" ] || { cat "$work/bad"; status=1; }
exit $status
