#!/bin/sh
# Usage: powercut.sh [PICTURES]
# G2: after a power cut everything that was answered is there.
#
# The state directory is on a file system in a file, and that on one with
# reflinks: a copy of the file is the disk at a moment, with only that in it
# which had reached it.  Mounting a copy replays its journal, as after a cut.
# The control issues with synchronous = NORMAL, and must lose something.
# shellcheck source=tests/faults/lib.sh
. "${abs_top_srcdir:-.}/tests/faults/lib.sh"
pictures=${1:-25}
control_pictures=8
control_tries=4

[ "$(id -u)" = 0 ] || skip 'mounting needs root'
for tool in mkfs.xfs mkfs.ext4 losetup; do
	command -v $tool >/dev/null || skip "there is no $tool"
done

tidy() {
	for place in picture inner outer; do
		! mountpoint -q "$work/$place" || umount "$work/$place"
	done
	rm -rf "$work"
}

# new_disks: an empty inner disk on a new outer one.
new_disks() {
	truncate -s 6G "$work/outer.img"
	mkfs.xfs -q -f -m reflink=1 "$work/outer.img" ||
		fail 'cannot make the outer file system'
	mount -o loop "$work/outer.img" "$work/outer" 2>"$work/why" ||
		skip "no loop device here: $(cat "$work/why")"
	truncate -s 1G "$work/outer/disk"
	mkfs.ext4 -q -F "$work/outer/disk" ||
		fail 'cannot make the inner file system'
	mount -o loop "$work/outer/disk" "$work/inner" ||
		fail 'cannot mount the inner file system'
}

drop_disks() {
	for place in inner outer; do
		umount "$work/$place" || fail "cannot unmount $place"
	done
	rm -f "$work/outer.img" "$work/ledger"
}

# look NUMBER ANSWERS: count into $answers, $lost and $losing; the picture
# goes away.
look() {
	picture=$work/outer/disk.$1
	mount -o loop "$picture" "$work/picture" ||
		fail "picture $1 does not mount"
	missing=$("$faults/powercut" look "$work/picture/ca" "$work/ledger" \
	    "$2" 2>"$work/why") || {
		cat "$work/why" >&2
		fail "picture $1 is damaged"
	}
	[ "$missing" = 0 ] || losing=$((losing + 1))
	answers=$((answers + $2))
	lost=$((lost + missing))
	umount "$work/picture" || fail 'cannot unmount the picture'
	rm -f "$picture"
}

# cut COUNT: issue, take so many pictures, and look at each.
cut() {
	answers=0 lost=0 losing=0
	new_disks
	"$faults/powercut" storm "$work/inner/ca" "$templates" \
	    "$work/ledger" "$work/outer/disk" "$1" >"$work/counts" ||
		fail 'the storm failed'
	number=0
	while read -r count; do
		number=$((number + 1))
		look $number "$count"
	done <"$work/counts"
	[ $number = "$1" ] || fail "$number pictures instead of $1"
	drop_disks
}

mkdir "$work/outer" "$work/inner" "$work/picture"
cut "$pictures"
n=$answers real=$lost

PKI_BUG_SYNC_NORMAL=1
export PKI_BUG_SYNC_NORMAL
try=0 control=0
while [ $try -lt $control_tries ] && [ $control = 0 ]; do
	try=$((try + 1))
	cut $control_pictures
	control=$lost
done

result=FAIL
if [ "$real" = 0 ] && [ "$control" -gt 0 ] && [ "$n" -gt 0 ]; then
	result=PASS
fi
echo "guarantee=G2 n=$n lost=$real dup=0 cuts=$pictures" \
    "control-lost=$control of $answers, in $losing of $control_pictures cuts" \
    "result=$result"
[ $result = PASS ]
