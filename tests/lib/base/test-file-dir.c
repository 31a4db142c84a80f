#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/support.h"

/* A folder, a path in it, and where reports go. */
static char folder[PKI_PATH_MAX], path[PKI_PATH_MAX];
static pki_err err;

static void
set_up(void)
{
	temp_dir(folder);
	snprintf(path, sizeof(path), "%.*s/current", PKI_PATH_MAX - 16,
	    folder);
}

static void
tear_down(void)
{
	remove_dir(folder);
}

TestSuite(link_replace, .init = set_up, .fini = tear_down, .timeout = 30);
TestSuite(dir_sweep, .init = set_up, .fini = tear_down, .timeout = 30);
TestSuite(file_give, .init = set_up, .fini = tear_down, .timeout = 30);

static void
expect_target(const char *want)
{
	char target[PKI_PATH_MAX];
	ssize_t len = readlink(path, target, sizeof(target) - 1);

	cr_assert_gt(len, 0, "%s", strerror(errno));
	target[len] = '\0';
	cr_expect_str_eq(target, want);
}

static void
touch(const char *name)
{
	char at[PKI_PATH_MAX];

	assert_ok(pki_path_join(at, folder, name, &err), &err);
	assert_ok(pki_file_replace(at, pki_bytes_text("x"), 0600, &err), &err);
}

static bool
is_there(const char *name)
{
	char at[PKI_PATH_MAX];

	assert_ok(pki_path_join(at, folder, name, &err), &err);
	return pki_file_exists(at);
}

Test(link_replace, makes_and_changes_a_link_and_takes_a_files_place)
{
	assert_ok(pki_link_replace(path, "slot-a", &err), &err);
	expect_target("slot-a");
	assert_ok(pki_link_replace(path, "slot-b", &err), &err);
	expect_target("slot-b");
	cr_assert_eq(unlink(path), 0);
	touch("current");
	assert_ok(pki_link_replace(path, "slot-a", &err), &err);
	expect_target("slot-a");
}

Test(link_replace, goes_round_what_a_cut_left)
{
	char temp[64], at[PKI_PATH_MAX];

	snprintf(temp, sizeof(temp), ".current.%d-0.tmp", (int)getpid());
	assert_ok(pki_path_join(at, folder, temp, &err), &err);
	cr_assert_eq(symlink("slot-a", at), 0);
	assert_ok(pki_link_replace(path, "slot-b", &err), &err);
	expect_target("slot-b");
}

Test(link_replace, leaves_nothing_when_it_fails)
{
	/* A directory is in the way. */
	cr_assert_eq(mkdir(path, 0700), 0);
	assert_refused(pki_link_replace(path, "slot-a", &err), PKI_SYSTEM,
	    &err, NULL);
	cr_assert_eq(rmdir(path), 0);
	/* And nothing else is in the folder. */
	cr_assert_eq(rmdir(folder), 0);
	cr_assert_eq(mkdir(folder, 0700), 0);
}

Test(dir_sweep, takes_temporary_files_and_links_and_nothing_else)
{
	char at[PKI_PATH_MAX];

	touch(".cert.pem.12-0.tmp");
	touch(".hidden");
	touch("name.tmp");
	touch("key.pem");
	assert_ok(pki_path_join(at, folder, ".current.12-3.tmp", &err), &err);
	cr_assert_eq(symlink("nowhere", at), 0);
	assert_ok(pki_dir_sweep(folder, &err), &err);
	cr_expect_not(is_there(".cert.pem.12-0.tmp"));
	cr_expect_not(is_there(".current.12-3.tmp"));
	cr_expect(is_there(".hidden"));
	cr_expect(is_there("name.tmp"));
	cr_expect(is_there("key.pem"));
	assert_refused(pki_dir_sweep(path, &err), PKI_SYSTEM, &err, NULL);
}

Test(file_give, is_done_before_the_file_appears)
{
	PKI_AUTO(pki_file_new) file = NULL;
	struct stat st;

	if (geteuid() != 0)
		cr_skip_test("only root gives files away");
	assert_ok(pki_file_begin(path, 0640, PKI_FILE_REPLACE, &file, &err),
	    &err);
	assert_ok(pki_file_give(file, 65534, 65533, &err), &err);
	assert_ok(pki_file_commit(file, &err), &err);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_uid, 65534);
	cr_expect_eq(st.st_gid, 65533);
	cr_expect_eq(st.st_mode & 07777, 0640);
}

static int
give_to_root(void *arg)
{
	PKI_AUTO(pki_file_new) file = NULL;
	char at[PKI_PATH_MAX];
	pki_code rc;

	(void)arg;
	if (pki_path_join(at, folder, "file", &err) != PKI_OK ||
	    pki_file_begin(at, 0600, PKI_FILE_REPLACE, &file, &err) != PKI_OK)
		return 1;
	rc = pki_file_give(file, 0, 0, &err);
	return rc == PKI_SYSTEM && strstr(err.msg, "give ") != NULL ? 0 : 1;
}

Test(file_give, says_that_it_may_not)
{
	cr_assert_eq(chmod(folder, 0777), 0);
	cr_expect_eq(run_as_nobody(give_to_root, NULL), 0);
}
