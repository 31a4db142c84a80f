#include "pki-ctl/managed.h"

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum where { IN_STATE, IN_CONF };

/* Everything below these is the CA's. */
static const struct tree {
	enum where  where;
	const char *name;
} trees[] = {
	{ IN_STATE, "keys" },
	{ IN_STATE, "public" },
	{ IN_CONF, SESSION_TEMPLATES },
	{ IN_CONF, SESSION_TEMPLATES ".new" },
};

/* Files, also those that do not exist just now. */
static const struct tree files[] = {
	{ IN_STATE, "ca.db" },
	{ IN_STATE, "ca.db-journal" },
	{ IN_STATE, "ca.db-shm" },
	{ IN_STATE, "ca.db-wal" },
	{ IN_STATE, "floor" },
	{ IN_STATE, "write.lock" },
	{ IN_STATE, PKI_INIT_MARKER },
	{ IN_CONF, "pki.conf" },
};

static pki_code
refuse(const char *path, pki_err *err)
{
	return pki_refuse(err, PKI_DENIED, "managed-file",
	    "a file that is not the CA's own", "%s", path);
}

static bool
same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static const char *
root_of(const struct session *s, enum where where)
{
	return where == IN_STATE ? s->state_dir : s->conf_dir;
}

/* The directory where path will be, with no link left in its name. */
static pki_code
resolve_dir(const char *path, char out[PKI_PATH_MAX], pki_err *err)
{
	char dir[PKI_PATH_MAX], *real;
	pki_code rc = pki_path_dir(dir, path, err);

	if (rc != PKI_OK)
		return rc;
	real = realpath(dir, NULL);
	if (real == NULL)
		return pki_fail_errno(err, "cannot write in %s", dir);
	rc = pki_text_format(out, PKI_PATH_MAX, err, "%s", real);
	free(real);
	return rc;
}

/* Is dir, or one above it, a tree's top? */
static pki_code
check_trees(const struct session *s, char *dir, const char *path, pki_err *err)
{
	struct stat st, top;
	char name[PKI_PATH_MAX], *slash;
	size_t i;

	for (;;) {
		for (i = 0; stat(dir, &st) == 0 && i < PKI_COUNT(trees); i++)
			if (pki_path_join(name, root_of(s, trees[i].where),
			    trees[i].name, NULL) == PKI_OK &&
			    stat(name, &top) == 0 && same(&st, &top))
				return refuse(path, err);
		slash = strrchr(dir, '/');
		if (slash == NULL || slash[1] == '\0')
			return PKI_OK;
		slash[slash == dir ? 1 : 0] = '\0';
	}
}

/* Is it a file of ours by its place? */
static pki_code
check_files(const struct session *s, const char *dir, const char *path,
    pki_err *err)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;
	struct stat st, root;
	size_t i;

	if (stat(dir, &st) != 0)
		return pki_fail_errno(err, "look at %s", dir);
	for (i = 0; i < PKI_COUNT(files); i++)
		if (strcmp(name, files[i].name) == 0 &&
		    stat(root_of(s, files[i].where), &root) == 0 &&
		    same(&st, &root))
			return refuse(path, err);
	return PKI_OK;
}

/* The walk of nftw() has no argument: what it looks for. */
static struct stat wanted;

static int
is_wanted(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)path;
	(void)at;
	return kind == FTW_F && same(st, &wanted);
}

/* A second name of a file of ours? */
static pki_code
check_links(const struct session *s, const char *path, pki_err *err)
{
	char name[PKI_PATH_MAX];
	struct stat st;
	size_t i;

	if (lstat(path, &wanted) != 0 || wanted.st_nlink < 2)
		return PKI_OK;
	for (i = 0; i < PKI_COUNT(files); i++)
		if (pki_path_join(name, root_of(s, files[i].where),
		    files[i].name, NULL) == PKI_OK &&
		    stat(name, &st) == 0 && same(&st, &wanted))
			return refuse(path, err);
	for (i = 0; i < PKI_COUNT(trees); i++)
		if (pki_path_join(name, root_of(s, trees[i].where),
		    trees[i].name, NULL) == PKI_OK &&
		    nftw(name, is_wanted, 8, FTW_PHYS) == 1)
			return refuse(path, err);
	return PKI_OK;
}

pki_code
managed_check(const struct session *s, const char *path, pki_err *err)
{
	char dir[PKI_PATH_MAX];
	pki_code rc = resolve_dir(path, dir, err);

	if (rc == PKI_OK)
		rc = check_files(s, dir, path, err);
	if (rc == PKI_OK)
		rc = check_links(s, path, err);
	return rc == PKI_OK ? check_trees(s, dir, path, err) : rc;
}
