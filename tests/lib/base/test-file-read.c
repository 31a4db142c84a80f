#include "base/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/support.h"

/* A folder, a path in it, and where reports go. */
static char folder[PKI_PATH_MAX], path[PKI_PATH_MAX], other[PKI_PATH_MAX];
static pki_err err;

static void
set_up(void)
{
	temp_dir(folder);
	snprintf(path, sizeof(path), "%.*s/file", PKI_PATH_MAX - 8, folder);
	snprintf(other, sizeof(other), "%.*s/other", PKI_PATH_MAX - 8, folder);
}

static void
tear_down(void)
{
	remove_dir(folder);
}

TestSuite(file_read, .init = set_up, .fini = tear_down, .timeout = 30);

static void
put(const char *where, const char *text, mode_t mode)
{
	assert_ok(pki_file_replace(where, pki_bytes_text(text), mode, &err),
	    &err);
}

Test(file_read, gives_all_octets_up_to_the_limit)
{
	PKI_AUTO(pki_buf) buf = NULL;
	PKI_AUTO(pki_buf) more = NULL;

	assert_ok(pki_file_replace(path, PKI_BYTES_TEXT("a\0b\n"), 0644, &err),
	    &err);
	assert_ok(pki_file_read(path, 4, PKI_FILE_OURS, &buf, &err), &err);
	cr_assert(pki_bytes_equal(pki_buf_bytes(buf),
	    PKI_BYTES_TEXT("a\0b\n")));
	assert_refused(pki_file_read(path, 3, PKI_FILE_OURS, &more, &err),
	    PKI_BAD_INPUT, &err, NULL);
	cr_assert_null(more);
	cr_assert_not_null(strstr(err.msg, path));
}

Test(file_read, gives_a_large_file_and_an_empty_one)
{
	PKI_AUTO(pki_buf) large = pki_buf_new();
	PKI_AUTO(pki_buf) buf = NULL;
	PKI_AUTO(pki_buf) empty = NULL;

	for (int i = 0; i < 100000; i++)
		pki_buf_add_byte(large, (uint8_t)i);
	assert_ok(pki_file_replace(path, pki_buf_bytes(large), 0600, &err),
	    &err);
	assert_ok(pki_file_read(path, 100000, PKI_FILE_SECRET, &buf, &err),
	    &err);
	cr_assert(pki_bytes_equal(pki_buf_bytes(buf), pki_buf_bytes(large)));
	put(other, "", 0600);
	assert_ok(pki_file_read(other, 0, PKI_FILE_SECRET, &empty, &err),
	    &err);
	cr_assert_eq(empty->len, 0);
}

Test(file_read, says_when_there_is_none)
{
	pki_buf *buf = NULL;

	assert_refused(pki_file_read(path, 9, PKI_FILE_ANY, &buf, &err),
	    PKI_NOT_FOUND, &err, NULL);
	cr_assert_null(buf);
}

Test(file_read, stops_at_the_limit_of_an_endless_device)
{
	pki_buf *buf = NULL;

	assert_refused(pki_file_read("/dev/zero", 65536, PKI_FILE_ANY, &buf,
	    &err), PKI_BAD_INPUT, &err, NULL);
	assert_refused(pki_file_read("/dev/zero", 65536, PKI_FILE_OURS, &buf,
	    &err), PKI_BAD_INPUT, &err, NULL);
}

Test(file_read, judges_the_mode_by_what_is_asked)
{
	static const struct row {
		mode_t      mode;
		pki_code    ours, secret;
	} rows[] = {
		{ 0600, PKI_OK, PKI_OK }, { 0400, PKI_OK, PKI_OK },
		{ 0700, PKI_OK, PKI_OK }, { 0640, PKI_OK, PKI_DENIED },
		{ 0644, PKI_OK, PKI_DENIED }, { 0604, PKI_OK, PKI_DENIED },
		{ 0610, PKI_OK, PKI_DENIED }, { 0601, PKI_OK, PKI_DENIED },
		{ 0620, PKI_OK, PKI_DENIED },   /* our own group */
		{ 0602, PKI_DENIED, PKI_DENIED },
		{ 0666, PKI_DENIED, PKI_DENIED },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		PKI_AUTO(pki_buf) any = NULL;
		PKI_AUTO(pki_buf) ours = NULL;
		PKI_AUTO(pki_buf) secret = NULL;

		put(path, "x", rows[i].mode);
		cr_expect_eq(pki_file_read(path, 9, PKI_FILE_ANY, &any, &err),
		    PKI_OK, "any %04o", rows[i].mode);
		cr_expect_eq(pki_file_read(path, 9, PKI_FILE_OURS, &ours, &err),
		    rows[i].ours, "ours %04o", rows[i].mode);
		if (rows[i].ours != PKI_OK)
			cr_expect_str_eq(err.rule, "file-mode");
		cr_expect_eq(pki_file_read(path, 9, PKI_FILE_SECRET, &secret,
		    &err), rows[i].secret, "secret %04o", rows[i].mode);
		if (rows[i].secret != PKI_OK)
			cr_expect_str_eq(err.rule, "file-mode");
	}
}

Test(file_read, refuses_settings_that_a_foreign_group_may_write)
{
	PKI_AUTO(pki_buf) buf = NULL;

	if (geteuid() != 0)
		cr_skip_test("only root gives files to a group");
	put(path, "x", 0664);
	cr_assert_eq(chown(path, 0, 65534), 0);
	/* Giving it away takes no mode bit that counts here. */
	cr_assert_eq(chmod(path, 0664), 0);
	assert_refused(pki_file_read(path, 9, PKI_FILE_OURS, &buf, &err),
	    PKI_DENIED, &err, "file-mode");
}

static int
read_as_nobody(void *arg)
{
	PKI_AUTO(pki_buf) buf = NULL;

	(void)arg;
	/* Root's files are as good as ours, but no secrets of ours. */
	if (pki_file_read(path, 9, PKI_FILE_OURS, &buf, &err) != PKI_OK)
		return 1;
	if (pki_file_read(path, 9, PKI_FILE_SECRET, &buf, &err) != PKI_DENIED ||
	    strcmp(err.rule, "file-owner") != 0)
		return 2;
	return 0;
}

Test(file_read, refuses_a_foreign_owner)
{
	pki_buf *buf = NULL;

	if (geteuid() != 0)
		cr_skip_test("only root can give files away");
	put(path, "x", 0644);
	cr_assert_eq(chmod(folder, 0755), 0);
	cr_assert_eq(run_as_nobody(read_as_nobody, NULL), 0);
	cr_assert_eq(chown(path, 1, 1), 0);
	assert_refused(pki_file_read(path, 9, PKI_FILE_OURS, &buf, &err),
	    PKI_DENIED, &err, "file-owner");
	cr_assert_eq(chmod(path, 0600), 0);
	assert_refused(pki_file_read(path, 9, PKI_FILE_SECRET, &buf, &err),
	    PKI_DENIED, &err, "file-owner");
}

Test(file_read, follows_no_link_to_a_secret)
{
	PKI_AUTO(pki_buf) buf = NULL;
	PKI_AUTO(pki_buf) any = NULL;

	put(other, "x", 0600);
	cr_assert_eq(symlink(other, path), 0);
	assert_refused(pki_file_read(path, 9, PKI_FILE_SECRET, &buf, &err),
	    PKI_DENIED, &err, "file-link");
	/* root does not go where another points; others may. */
	if (geteuid() == 0)
		assert_refused(pki_file_read(path, 9, PKI_FILE_OURS, &buf,
		    &err), PKI_DENIED, &err, "file-link");
	else
		assert_ok(pki_file_read(path, 9, PKI_FILE_OURS, &buf, &err),
		    &err);
	assert_ok(pki_file_read(path, 9, PKI_FILE_ANY, &any, &err), &err);
}

Test(file_read, refuses_a_directory)
{
	pki_buf *buf = NULL;

	for (int trust = PKI_FILE_ANY; trust <= PKI_FILE_SECRET; trust++)
		assert_refused(pki_file_read(folder, 9, (pki_file_trust)trust,
		    &buf, &err), PKI_BAD_INPUT, &err, NULL);
}

Test(file_read, does_not_wait_for_a_pipe_where_a_file_is_wanted)
{
	pki_buf *buf = NULL;

	cr_assert_eq(mkfifo(path, 0600), 0);
	assert_refused(pki_file_read(path, 9, PKI_FILE_OURS, &buf, &err),
	    PKI_BAD_INPUT, &err, NULL);
	assert_refused(pki_file_read(path, 9, PKI_FILE_SECRET, &buf, &err),
	    PKI_BAD_INPUT, &err, NULL);
}

Test(file_read, takes_any_input_from_a_pipe)
{
	PKI_AUTO(pki_buf) buf = NULL;
	pid_t child;
	int status;

	cr_assert_eq(mkfifo(path, 0600), 0);
	child = fork();
	if (child == 0) {
		int fd = open(path, O_WRONLY);

		_exit(write(fd, "from a pipe", 11) == 11 ? 0 : 1);
	}
	assert_ok(pki_file_read(path, 64, PKI_FILE_ANY, &buf, &err), &err);
	cr_assert_str_eq(pki_buf_text(buf), "from a pipe");
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(status, 0);
}

Test(file_read, leaves_a_descriptor_open_that_it_was_given)
{
	PKI_AUTO(pki_buf) buf = NULL;
	int fd;

	put(path, "abc", 0600);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_ok(pki_file_read_fd(fd, "stdin", 3, &buf, &err), &err);
	cr_assert_str_eq(pki_buf_text(buf), "abc");
	cr_assert_eq(close(fd), 0);
	assert_refused(pki_file_read_fd(fd, "stdin", 3, &buf, &err),
	    PKI_SYSTEM, &err, NULL);
	cr_assert_not_null(strstr(err.msg, "stdin"));
}
