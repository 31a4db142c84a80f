#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
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
	umask(022);
	remove_dir(folder);
}

TestSuite(file_replace, .init = set_up, .fini = tear_down, .timeout = 30);
TestSuite(file_begin, .init = set_up, .fini = tear_down, .timeout = 30);
TestSuite(file_commit, .init = set_up, .fini = tear_down, .timeout = 30);
TestSuite(file_move, .init = set_up, .fini = tear_down, .timeout = 30);
TestSuite(file_write_from, .init = set_up, .fini = tear_down, .timeout = 30);
TestSuite(dir_make, .init = set_up, .fini = tear_down, .timeout = 30);
TestSuite(path_join, .timeout = 30);

static void
put(const char *where, const char *text, mode_t mode)
{
	assert_ok(pki_file_replace(where, pki_bytes_text(text), mode, &err),
	    &err);
}

static void
expect_contents(const char *where, const char *text)
{
	PKI_AUTO(pki_buf) buf = NULL;

	assert_ok(pki_file_read(where, 1 << 20, PKI_FILE_ANY, &buf, &err),
	    &err);
	cr_expect_str_eq(pki_buf_text(buf), text);
}

static mode_t
mode_of(const char *where)
{
	struct stat st;

	cr_assert_eq(lstat(where, &st), 0, "%s: %s", where, strerror(errno));
	return st.st_mode & 07777;
}

static size_t
count_files(void)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	size_t count = 0;

	while ((entry = readdir(dir)) != NULL)
		count += strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0;
	closedir(dir);
	return count;
}

Test(file_replace, gives_exactly_the_mode_under_every_umask)
{
	static const mode_t umasks[] = { 0, 077, 0777, 022 };
	static const mode_t modes[] = { 0600, 0640, 0644, 0400, 0666 };

	for (size_t i = 0; i < PKI_COUNT(umasks); i++)
		for (size_t k = 0; k < PKI_COUNT(modes); k++) {
			umask(umasks[i]);
			put(path, "x", modes[k]);
			cr_expect_eq(mode_of(path), modes[k],
			    "umask %03o: %04o", umasks[i], modes[k]);
		}
}

/* The file holds one letter, many times; a mixture is a torn write. */
static int
read_again_and_again(void)
{
	for (int i = 0; i < 300; i++) {
		PKI_AUTO(pki_buf) buf = NULL;

		if (pki_file_read(path, 1 << 20, PKI_FILE_OURS, &buf, &err) !=
		    PKI_OK || buf->len != 20000 ||
		    memchr(buf->data, buf->data[0] ^ 3, buf->len) != NULL)
			return 1;
	}
	return 0;
}

Test(file_replace, shows_a_reader_the_old_or_the_new_file_only)
{
	char letters[20000];
	int status = 0, rounds = 0;
	pid_t child;

	memset(letters, 'a', sizeof(letters));
	assert_ok(pki_file_replace(path, pki_bytes_of(letters,
	    sizeof(letters)), 0644, &err), &err);
	child = fork();
	if (child == 0)
		_exit(read_again_and_again());
	do {
		memset(letters, rounds++ % 2 == 0 ? 'b' : 'a', sizeof(letters));
		assert_ok(pki_file_replace(path, pki_bytes_of(letters,
		    sizeof(letters)), 0644, &err), &err);
	} while (waitpid(child, &status, WNOHANG) == 0);
	cr_assert_eq(status, 0, "a torn file after %d rounds", rounds);
	cr_assert_eq(count_files(), 1);
}

Test(file_replace, takes_the_place_of_a_link_and_spares_its_target)
{
	struct stat st;

	put(other, "target", 0600);
	cr_assert_eq(symlink(other, path), 0);
	put(path, "new", 0644);
	expect_contents(path, "new");
	expect_contents(other, "target");
	cr_assert_eq(lstat(path, &st), 0);
	cr_assert(S_ISREG(st.st_mode));
}

Test(file_replace, refuses_a_directory_and_leaves_nothing)
{
	cr_assert_eq(mkdir(path, 0700), 0);
	assert_refused(pki_file_replace(path, PKI_BYTES_TEXT("x"), 0600, &err),
	    PKI_SYSTEM, &err, NULL);
	cr_assert_eq(count_files(), 1);
}

Test(file_replace, refuses_a_directory_that_does_not_exist)
{
	char deep[PKI_PATH_MAX];

	assert_ok(pki_path_join(deep, path, "file", &err), &err);
	assert_refused(pki_file_replace(deep, PKI_BYTES_TEXT("x"), 0600, &err),
	    PKI_SYSTEM, &err, NULL);
	cr_assert_not_null(strstr(err.msg, path));
}

static int
replace_as_nobody(void *arg)
{
	(void)arg;
	if (pki_file_replace(path, PKI_BYTES_TEXT("new"), 0644, &err) !=
	    PKI_SYSTEM || strstr(err.msg, folder) == NULL)
		return 1;
	return 0;
}

Test(file_replace, reports_a_directory_that_is_read_only)
{
	put(path, "old", 0644);
	cr_assert_eq(chmod(folder, 0555), 0);
	cr_assert_eq(run_as_nobody(replace_as_nobody, NULL), 0);
	cr_assert_eq(chmod(folder, 0755), 0);
	expect_contents(path, "old");
	cr_assert_eq(count_files(), 1);
}

/* No more than this many octets may be written: like a disk that is full. */
static void
fill_disk(rlim_t octets)
{
	const struct rlimit limit = { octets, RLIM_INFINITY };

	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

Test(file_replace, keeps_the_old_file_when_the_new_one_does_not_fit)
{
	char octets[4096] = { 0 };
	pki_code rc;

	put(path, "old", 0644);
	fill_disk(1000);
	rc = pki_file_replace(path, pki_bytes_of(octets, sizeof(octets)), 0644,
	    &err);
	fill_disk(RLIM_INFINITY);
	assert_refused(rc, PKI_SYSTEM, &err, NULL);
	cr_assert_not_null(strstr(err.msg, path));
	expect_contents(path, "old");
	cr_assert_eq(count_files(), 1);
}

Test(file_begin, finds_out_by_reserving_that_the_disk_is_full)
{
	pki_file_new *file = NULL;
	pki_code rc;

	assert_ok(pki_file_begin(path, 0600, PKI_FILE_KEEP, &file, &err),
	    &err);
	fill_disk(1000);
	rc = pki_file_reserve(file, 4096, &err);
	fill_disk(RLIM_INFINITY);
	assert_refused(rc, PKI_SYSTEM, &err, NULL);
	pki_file_new_free(file);
	cr_assert_eq(count_files(), 0);
}

Test(file_begin, leaves_nothing_without_commit)
{
	pki_file_new *file = NULL;

	assert_ok(pki_file_begin(path, 0600, PKI_FILE_KEEP, &file, &err),
	    &err);
	assert_ok(pki_file_write(file, PKI_BYTES_TEXT("x"), &err), &err);
	cr_assert_not(pki_file_exists(path));
	pki_file_new_free(file);
	cr_assert_eq(count_files(), 0);
	pki_file_new_free(NULL);
}

Test(file_begin, keeps_its_contents_from_others_meanwhile)
{
	PKI_AUTO(pki_file_new) file = NULL;
	const struct dirent *entry;
	DIR *dir;

	umask(0);
	assert_ok(pki_file_begin(path, 0644, PKI_FILE_REPLACE, &file, &err),
	    &err);
	dir = opendir(folder);
	while ((entry = readdir(dir)) != NULL) {
		char name[PKI_PATH_MAX];

		assert_ok(pki_path_join(name, folder, entry->d_name, &err),
		    &err);
		if (entry->d_type == DT_REG)
			cr_expect_eq(mode_of(name), 0600);
	}
	closedir(dir);
}

Test(file_begin, refuses_a_file_that_is_to_be_kept)
{
	pki_file_new *file = NULL;

	put(path, "old", 0600);
	assert_refused(pki_file_begin(path, 0600, PKI_FILE_KEEP, &file, &err),
	    PKI_EXISTS, &err, NULL);
	cr_assert_null(file);
	expect_contents(path, "old");
	/* A link that leads nowhere is a name that is taken, too. */
	cr_assert_eq(symlink("nowhere", other), 0);
	assert_refused(pki_file_begin(other, 0600, PKI_FILE_KEEP, &file, &err),
	    PKI_EXISTS, &err, NULL);
	cr_assert_eq(count_files(), 2);
}

Test(file_commit, refuses_a_name_that_was_taken_meanwhile)
{
	pki_file_new *file = NULL;

	assert_ok(pki_file_begin(path, 0600, PKI_FILE_KEEP, &file, &err),
	    &err);
	assert_ok(pki_file_write(file, PKI_BYTES_TEXT("mine"), &err), &err);
	put(path, "theirs", 0600);
	assert_refused(pki_file_commit(file, &err), PKI_EXISTS, &err, NULL);
	pki_file_new_free(file);
	expect_contents(path, "theirs");
	cr_assert_eq(count_files(), 1);
}

Test(file_commit, puts_what_several_writes_gave)
{
	PKI_AUTO(pki_file_new) file = NULL;

	assert_ok(pki_file_begin(path, 0640, PKI_FILE_KEEP, &file, &err),
	    &err);
	assert_ok(pki_file_write(file, PKI_BYTES_TEXT("one "), &err), &err);
	assert_ok(pki_file_write(file, pki_bytes_of(NULL, 0), &err), &err);
	assert_ok(pki_file_write(file, PKI_BYTES_TEXT("two"), &err), &err);
	assert_ok(pki_file_commit(file, &err), &err);
	expect_contents(path, "one two");
	cr_assert_eq(mode_of(path), 0640);
	cr_assert_eq(count_files(), 1);
}

Test(file_commit, keeps_only_what_was_written_of_what_was_reserved)
{
	PKI_AUTO(pki_file_new) file = NULL;

	assert_ok(pki_file_begin(path, 0600, PKI_FILE_KEEP, &file, &err),
	    &err);
	assert_ok(pki_file_reserve(file, 4096, &err), &err);
	assert_ok(pki_file_write(file, PKI_BYTES_TEXT("short"), &err), &err);
	assert_ok(pki_file_commit(file, &err), &err);
	expect_contents(path, "short");
}

/* What a file of letters is after all from one place on has moved. */
static void
expect_moved(size_t len, off_t from, off_t to)
{
	PKI_AUTO(pki_file_new) file = NULL;
	PKI_AUTO(pki_buf) was = pki_buf_new();
	PKI_AUTO(pki_buf) is = NULL;
	size_t left = len - (size_t)from;

	for (size_t i = 0; i < len; i++)
		pki_buf_add_byte(was, (uint8_t)('a' + i * 7 / 3 % 26));
	assert_ok(pki_file_begin(path, 0600, PKI_FILE_REPLACE, &file, &err),
	    &err);
	assert_ok(pki_file_write(file, pki_buf_bytes(was), &err), &err);
	assert_ok(pki_file_move(file, from, to, &err), &err);
	assert_ok(pki_file_write(file, pki_bytes_text("end"), &err), &err);
	assert_ok(pki_file_commit(file, &err), &err);
	assert_ok(pki_file_read(path, 1 << 20, PKI_FILE_ANY, &is, &err), &err);
	cr_assert_eq(is->len, (size_t)to + left + 3, "%zu: %ld to %ld", len,
	    (long)from, (long)to);
	cr_expect(memcmp(is->data + to, was->data + from, left) == 0);
	cr_expect(memcmp(is->data + to + left, "end", 3) == 0);
	cr_expect(memcmp(is->data, was->data,
	    (size_t)(from < to ? from : to)) == 0);
}

Test(file_move, loses_no_octet_in_either_direction)
{
	static const size_t lens[] = { 6, 7, 1000, 65536, 65541, 300000 };

	for (size_t i = 0; i < PKI_COUNT(lens); i++) {
		expect_moved(lens[i], 5, 5);
		expect_moved(lens[i], 5, 4);
		expect_moved(lens[i], 5, 0);
		expect_moved(lens[i], 5, 6);
		expect_moved(lens[i], 3, 12);
	}
}

Test(file_move, leaves_nothing_behind_the_end_for_who_reads_back)
{
	PKI_AUTO(pki_file_new) file = NULL;
	struct stat st;
	int fd;

	assert_ok(pki_file_begin(path, 0600, PKI_FILE_REPLACE, &file, &err),
	    &err);
	assert_ok(pki_file_write(file, pki_bytes_text("..abc"), &err), &err);
	assert_ok(pki_file_move(file, 2, 1, &err), &err);
	assert_ok(pki_file_reopen(file, &fd, &err), &err);
	cr_expect_eq(fstat(fd, &st), 0);
	cr_expect_eq(st.st_size, 4);
	close(fd);
}

Test(file_write_from, puts_another_file_whole)
{
	PKI_AUTO(pki_file_new) file = NULL;
	PKI_AUTO(pki_buf) is = NULL;

	put(other, "contents", 0600);
	assert_ok(pki_file_begin(path, 0600, PKI_FILE_REPLACE, &file, &err),
	    &err);
	assert_ok(pki_file_write(file, pki_bytes_text("<"), &err), &err);
	assert_ok(pki_file_write_from(file, other, &err), &err);
	assert_ok(pki_file_write_from(file, other, &err), &err);
	cr_expect_eq(pki_file_write_from(file, path, &err), PKI_NOT_FOUND);
	assert_ok(pki_file_write(file, pki_bytes_text(">"), &err), &err);
	assert_ok(pki_file_commit(file, &err), &err);
	assert_ok(pki_file_read(path, 100, PKI_FILE_ANY, &is, &err), &err);
	cr_assert_str_eq(pki_buf_text(is), "<contentscontents>");
}

Test(file_commit, works_beside_another_writer_of_the_same_name)
{
	PKI_AUTO(pki_file_new) a = NULL;
	PKI_AUTO(pki_file_new) b = NULL;

	assert_ok(pki_file_begin(path, 0600, PKI_FILE_REPLACE, &a, &err),
	    &err);
	assert_ok(pki_file_begin(path, 0600, PKI_FILE_REPLACE, &b, &err),
	    &err);
	assert_ok(pki_file_write(a, PKI_BYTES_TEXT("a"), &err), &err);
	assert_ok(pki_file_write(b, PKI_BYTES_TEXT("b"), &err), &err);
	assert_ok(pki_file_commit(b, &err), &err);
	assert_ok(pki_file_commit(a, &err), &err);
	expect_contents(path, "a");
	cr_assert_eq(count_files(), 1);
}

Test(dir_make, gives_exactly_the_mode_under_every_umask)
{
	static const mode_t modes[] = { 0700, 0711, 0755 };

	for (size_t i = 0; i < 2 * PKI_COUNT(modes); i++) {
		umask(i % 2 == 0 ? 0 : 077);
		assert_ok(pki_dir_make(path, modes[i / 2], &err), &err);
		cr_expect_eq(mode_of(path), modes[i / 2]);
		cr_assert_eq(rmdir(path), 0);
	}
}

Test(dir_make, leaves_the_mode_of_one_that_exists)
{
	cr_assert_eq(mkdir(path, 0750), 0);
	assert_ok(pki_dir_make(path, 0711, &err), &err);
	cr_assert_eq(mode_of(path), 0750);
}

Test(dir_make, closes_one_that_exists_to_other_writers)
{
	cr_assert_eq(mkdir(path, 0700), 0);
	cr_assert_eq(chmod(path, 02777), 0);
	assert_ok(pki_dir_make(path, 0711, &err), &err);
	cr_assert_eq(mode_of(path), 02755);
}

Test(dir_make, refuses_what_is_no_directory_of_ours)
{
	put(path, "x", 0600);
	assert_refused(pki_dir_make(path, 0700, &err), PKI_EXISTS, &err, NULL);
	cr_assert_eq(symlink(folder, other), 0);
	assert_refused(pki_dir_make(other, 0700, &err), PKI_EXISTS, &err,
	    NULL);
	if (geteuid() != 0)
		cr_skip_test("only root can give directories away");
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(mkdir(path, 0700), 0);
	cr_assert_eq(chown(path, 1, 1), 0);
	assert_refused(pki_dir_make(path, 0700, &err), PKI_DENIED, &err,
	    "file-owner");
}

Test(path_join, puts_a_slash_between_and_knows_the_limit)
{
	char out[PKI_PATH_MAX], name[PKI_PATH_MAX];

	assert_ok(pki_path_join(out, "/var/lib", "ca.db", &err), &err);
	cr_assert_str_eq(out, "/var/lib/ca.db");
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 3] = '\0';
	assert_ok(pki_path_join(out, "d", name, &err), &err);
	assert_refused(pki_path_join(out, "dd", name, &err), PKI_BAD_INPUT,
	    &err, NULL);
}

TestSuite(dir_check, .init = set_up, .fini = tear_down, .timeout = 30);

Test(dir_check, refuses_one_that_others_may_write)
{
	assert_ok(pki_dir_make(path, 0755, &err), &err);
	cr_assert_eq(pki_dir_check(path, &err), PKI_OK, "%s", err.msg);
	cr_assert_eq(chmod(path, 0777), 0);
	assert_refused(pki_dir_check(path, &err), PKI_DENIED, &err,
	    "file-mode");
	cr_expect_eq(chmod(path, 0775), 0);
	assert_refused(pki_dir_check(path, &err), PKI_DENIED, &err,
	    "file-mode");
	/* The sticky bit lets others make new files there. */
	cr_assert_eq(chmod(path, 01777), 0);
	assert_refused(pki_dir_check(path, &err), PKI_DENIED, &err,
	    "file-mode");
}

Test(dir_check, wants_a_directory)
{
	assert_refused(pki_dir_check(path, &err), PKI_NOT_FOUND, &err, NULL);
	assert_ok(pki_file_replace(path, PKI_BYTES_TEXT("x"), 0600, &err),
	    &err);
	assert_refused(pki_dir_check(path, &err), PKI_SYSTEM, &err, NULL);
}
