#!/bin/sh
# Usage: check-units.sh [SOURCE-ROOT]
# Fail when a unit of the packages is malformed, or exposes more of the system
# than systemd-analyze's 2.0; 2.1 for pki-enroll, which gives files to others
# and so is root.
cd "${1:-${abs_top_srcdir:-.}}" || exit 1
command -v systemd-analyze >/dev/null || {
	echo 'SKIP: needs the Debian package systemd'
	exit 77
}
[ -d debian ] || {
	echo 'SKIP: no folder debian, as in a release'
	exit 77
}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
status=0

# By the name that each has once installed; the programs need not be.
for unit in debian/*.service debian/*.socket debian/*.timer; do
	[ -f "$unit" ] || continue
	name=${unit##*/}
	case $name in *.*.*) name=${name#*.} ;; esac
	sed 's|^\(Exec[A-Za-z]*\)=/[^ ]*|\1=/bin/true|' "$unit" \
	    >"$work/$name"
done
for unit in "$work"/*; do
	systemd-analyze verify --man=no --recursive-errors=no "$unit" \
	    >"$work.out" 2>&1 || status=1
	# Whatever it has to say of this folder's files is meant.
	grep -F "${unit##*/}" "$work.out" && status=1
	rm -f "$work.out"
done
for unit in "$work"/*.service; do
	most=20
	case ${unit##*/} in pki-enroll*) most=21 ;; esac
	systemd-analyze security --offline=true --threshold=$most --no-pager \
	    "$unit" >"$work/report" 2>&1 || {
		echo "${unit##*/}:"
		grep -v '^. PrivateNetwork' "$work/report" | tail -n 20
		status=1
	}
	grep -q 'Overall exposure' "$work/report" || {
		echo "${unit##*/}: no score"
		status=1
	}
	sed -n 's/^.*Overall exposure/Overall exposure/p' "$work/report"
done
exit $status
