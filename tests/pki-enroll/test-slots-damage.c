#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "tests/pki-enroll/slots-world.h"

static pki_digest old, new;

static pki_digest
renew_used(enroll_slots *slots)
{
	pki_digest digest = renew(slots);

	assert_ok(slots_set_used(slots, &err), &err);
	return digest;
}

/* The old pair in slot-a, the new and current one in slot-b. */
static void
set_up(void)
{
	PKI_AUTO(enroll_slots) slots = NULL;

	begin_world();
	slots = open_slots();
	set_anchors(slots);
	old = renew_used(slots);
	at(&ticking, "2026-02-01T00:00:00Z");
	new = renew_used(slots);
}

TestSuite(slots_damage, .init = set_up, .fini = end_world, .timeout = 120);

static void
spoil(const char *name, pki_bytes bytes)
{
	char path[PKI_PATH_MAX];
	struct stat st;

	path_in(path, name);
	cr_assert_eq(stat(path, &st), 0);
	assert_ok(pki_file_replace(path, bytes, st.st_mode & 07777, &err),
	    &err);
}

static void
take(const char *name)
{
	char path[PKI_PATH_MAX];

	path_in(path, name);
	cr_assert_eq(unlink(path), 0, "%s", path);
}

static void
expect_link(const char *want)
{
	char path[PKI_PATH_MAX], target[32];
	ssize_t len;

	path_in(path, "current");
	len = readlink(path, target, sizeof(target) - 1);
	cr_assert_gt(len, 0);
	target[len] = '\0';
	cr_expect_str_eq(target, want);
}

/* Any one file of the pair in use, lost or cut: the other copy makes it. */
Test(slots_damage, one_bad_file_is_written_anew)
{
	static const char *const names[] = {
		"slot-b/key.pem", "slot-b/cert.pem", "slot-b/both.pem",
	};

	for (size_t i = 0; i < PKI_COUNT(names); i++) {
		PKI_AUTO(pki_buf) before = get(names[i]);

		for (size_t cut = 0; cut <= before->len; cut += 197) {
			PKI_AUTO(enroll_slots) slots = NULL;
			PKI_AUTO(pki_buf) after = NULL;

			if (cut == 0)
				take(names[i]);
			else
				spoil(names[i], pki_bytes_of(before->data,
				    cut - 1));
			slots = open_slots();
			cr_expect(is_current(slots, &new), "%s %zu",
			    names[i], cut);
			cr_expect(complains(slots, "slot-b"));
			after = get(names[i]);
			cr_expect(pki_bytes_equal(pki_buf_bytes(before),
			    pki_buf_bytes(after)), "%s %zu", names[i], cut);
		}
		expect_link("slot-b");
	}
}

/* Rot in one octet anywhere: the pair in use is whole, or another one is. */
Test(slots_damage, one_rotten_octet_is_never_used)
{
	static const char *const names[] = {
		"slot-b/key.pem", "slot-b/cert.pem", "slot-b/both.pem",
	};

	for (size_t i = 0; i < PKI_COUNT(names); i++) {
		PKI_AUTO(pki_buf) whole = get(names[i]);

		for (size_t at = 0; at < whole->len; at += 19) {
			PKI_AUTO(enroll_slots) slots = NULL;
			PKI_AUTO(pki_buf) after = NULL;

			whole->data[at] ^= 4;
			spoil(names[i], pki_buf_bytes(whole));
			whole->data[at] ^= 4;
			slots = open_slots();
			cr_expect(is_current(slots, &new), "%s %zu",
			    names[i], at);
			cr_expect(complains(slots, "slot-b"), "%s %zu",
			    names[i], at);
			after = get(names[i]);
			cr_expect(pki_bytes_equal(pki_buf_bytes(whole),
			    pki_buf_bytes(after)), "%s %zu", names[i], at);
		}
	}
}

static void
ruin(const char *slot)
{
	static const char *const names[] = { "key.pem", "both.pem" };

	for (size_t i = 0; i < PKI_COUNT(names); i++) {
		char name[32];

		snprintf(name, sizeof(name), "%s/%s", slot, names[i]);
		spoil(name, PKI_BYTES_TEXT("rot"));
	}
}

Test(slots_damage, the_other_slot_is_used)
{
	PKI_AUTO(enroll_slots) slots = NULL;

	ruin("slot-b");
	slots = open_slots();
	cr_expect_eq(slots_other(slots)->state, SLOT_DAMAGED);
	cr_expect(is_current(slots, &old));
	cr_expect(complains(slots, "slot-b"));
	cr_expect(complains(slots, "current"));
	/* Nothing points there before it is asked for. */
	expect_link("slot-b");
	assert_ok(slots_repair(slots, &err), &err);
	expect_link("slot-a");
	/* And the next renewal goes where the ruin is. */
	new = renew_used(slots);
	expect_link("slot-b");
	cr_expect(is_current(slots, &new));
	cr_expect_null(slots_complaint(slots, 0));
}

Test(slots_damage, an_expired_pair_is_better_than_none)
{
	PKI_AUTO(enroll_slots) slots = NULL;

	ruin("slot-b");
	at(&ticking, "2026-08-01T00:00:00Z");
	slots = open_slots();
	cr_expect(is_current(slots, &old));
}

Test(slots_damage, both_slots_ruined_are_said_and_enrolled_over)
{
	PKI_AUTO(enroll_slots) slots = NULL;

	ruin("slot-a");
	ruin("slot-b");
	slots = open_slots();
	cr_expect_null(slots_current(slots));
	cr_expect(complains(slots, "slot-a"));
	cr_expect(complains(slots, "slot-b"));
	cr_expect(complains(slots, "enrolled anew"));
	assert_ok(slots_repair(slots, &err), &err);
	new = renew_used(slots);
	cr_expect(is_current(slots, &new));
}

Test(slots_damage, key_of_one_and_certificate_of_another_is_damaged)
{
	PKI_AUTO(enroll_slots) slots = NULL;
	PKI_AUTO(pki_buf) key = get("slot-a/key.pem");

	spoil("slot-b/key.pem", pki_buf_bytes(key));
	take("slot-b/both.pem");
	slots = open_slots();
	cr_expect_eq(slots_other(slots)->state, SLOT_DAMAGED);
	cr_expect_not_null(strstr(slots_other(slots)->why.msg,
	    "the key is not the certificate's"));
	cr_expect(is_current(slots, &old));
}

Test(slots_damage, a_lost_link_is_found_again)
{
	PKI_AUTO(enroll_slots) slots = NULL;
	static const char *const targets[] = { NULL, "/etc", "slot-c", "" };

	for (size_t i = 0; i < PKI_COUNT(targets); i++) {
		char path[PKI_PATH_MAX];

		path_in(path, "current");
		cr_assert_eq(unlink(path), 0);
		if (targets[i] != NULL && targets[i][0] != '\0')
			cr_assert_eq(symlink(targets[i], path), 0);
		else if (targets[i] != NULL)
			assert_ok(pki_file_replace(path,
			    PKI_BYTES_TEXT("x"), 0644, &err), &err);
		enroll_slots_free(PKI_TAKE(slots));
		slots = open_slots();
		/* The newer of two. */
		cr_expect(is_current(slots, &new), "%zu", i);
		cr_expect(complains(slots, "current"), "%zu", i);
		assert_ok(slots_repair(slots, &err), &err);
		expect_link("slot-b");
	}
}

Test(slots_damage, a_key_that_others_may_read_is_said)
{
	PKI_AUTO(enroll_slots) slots = NULL;
	char path[PKI_PATH_MAX];

	path_in(path, "slot-b/key.pem");
	cr_assert_eq(chmod(path, 0644), 0);
	slots = open_slots();
	cr_expect(complains(slots, "slot-b/key.pem readable by others"));
	/* The other pair is good and valid. */
	cr_expect(is_current(slots, &old));
	cr_expect_eq(slots_other(slots)->state, SLOT_EXPOSED);
	enroll_slots_free(PKI_TAKE(slots));
	/* When it is neither, this one is better than none. */
	at(&ticking, "2026-04-20T00:00:00Z");
	slots = open_slots();
	cr_expect(is_current(slots, &new));
	cr_expect_eq(slots_current(slots)->state, SLOT_EXPOSED);
}

Test(slots_damage, somebody_elses_files_are_not_touched)
{
	PKI_AUTO(enroll_slots) slots = NULL;
	char path[PKI_PATH_MAX];

	if (geteuid() != 0)
		cr_skip_test("only root gives files away");
	path_in(path, "slot-b/cert.pem");
	cr_assert_eq(chown(path, 65534, 65534), 0);
	path_in(path, "slot-b/both.pem");
	cr_assert_eq(chown(path, 65534, 65534), 0);
	slots = open_slots();
	cr_expect_eq(slots_other(slots)->state, SLOT_FOREIGN);
	cr_expect(complains(slots, "user 65534"));
	cr_expect(is_current(slots, &old));
	enroll_slots_free(PKI_TAKE(slots));
	/* Nor what a link points at. */
	path_in(path, "slot-a/key.pem");
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(symlink("/etc/hostname", path), 0);
	slots = open_slots();
	cr_expect(is_current(slots, &old));
	cr_expect(complains(slots, "no symbolic link"));
	enroll_slots_free(PKI_TAKE(slots));
	cr_assert_eq(chown(dir, 65534, 65534), 0);
	assert_refused(slots_open(&options, &slots, &err), PKI_DENIED, &err,
	    "file-owner");
	cr_assert_eq(chown(dir, 0, 0), 0);
}

/* In a mount namespace of its own, which ends with the process. */
static int
work_read_only(void)
{
	enroll_slots *slots = NULL;
	pki_err why;

	if (unshare(CLONE_NEWNS) != 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount(dir, dir, NULL, MS_BIND, NULL) != 0 ||
	    mount(dir, dir, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) != 0)
		return 77;
	if (slots_open(&options, &slots, &why) != PKI_SYSTEM ||
	    strstr(why.msg, "Read-only") == NULL)
		return 1;
	if (slots_look(&options, &slots, &why) != PKI_OK ||
	    !is_current(slots, &new))
		return 2;
	/* Nor does one who only looks change anything by mistake. */
	if (slots_save(slots, &why) != PKI_SYSTEM)
		return 3;
	enroll_slots_free(slots);
	return 0;
}

Test(slots_damage, a_read_only_disk_is_said_and_still_read)
{
	pid_t child = fork();
	int status = 0;

	cr_assert_geq(child, 0);
	if (child == 0)
		_exit(work_read_only());
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		cr_skip_test("no mount namespaces here");
	cr_expect_eq(WEXITSTATUS(status), 0);
}

Test(slots_damage, what_was_left_behind_is_swept_away)
{
	PKI_AUTO(enroll_slots) slots = NULL;
	static const char *const names[] = {
		".state.7-0.tmp", "slot-a/.key.pem.7-0.tmp",
	};
	char path[PKI_PATH_MAX];

	for (size_t i = 0; i < PKI_COUNT(names); i++) {
		path_in(path, names[i]);
		assert_ok(pki_file_replace(path, PKI_BYTES_TEXT("x"), 0600,
		    &err), &err);
	}
	slots = open_slots();
	for (size_t i = 0; i < PKI_COUNT(names); i++) {
		path_in(path, names[i]);
		cr_expect_not(pki_file_exists(path), "%s", names[i]);
	}
}
