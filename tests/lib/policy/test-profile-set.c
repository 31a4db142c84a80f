#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/file.h"
#include "policy/profile.h"

TestSuite(profiles_load, .timeout = 60);
TestSuite(profiles_find, .timeout = 30);

#define DIR_TEMPLATE "/tmp/test-profiles-XXXXXX"

/* A template in dir that reserves what is given: "\"a\", \"b-*\"". */
static void
put(const char *dir, const char *name, const char *reserve, mode_t mode)
{
	char path[PKI_PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.conf", dir, name);
	file = fopen(path, "w");
	cr_assert_not_null(file);
	fprintf(file, "name = \"%s\"; ca = \"issuing\"; kind = \"end-entity\";"
	    "\nvalidity = \"90d\";\nkey: { types = [ \"p256\" ]; usage = [ "
	    "\"digital-signature\" ];\n extended-usage = [ \"client-auth\" ]; "
	    "};\nidentity: { reserve = [ %s ]; };\nissue: { by = [ "
	    "\"operator\" ]; };\n", name, reserve);
	cr_assert_eq(fclose(file), 0);
	cr_assert_eq(chmod(path, mode), 0);
}

static void
drop(const char *dir, const char *const *names, size_t count)
{
	char path[PKI_PATH_MAX];
	size_t i;

	for (i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s.conf", dir, names[i]);
		unlink(path);
	}
	cr_expect_eq(rmdir(dir), 0);
}

Test(profiles_load, loads_the_shipped_set_in_order_of_name)
{
	PKI_AUTO(pki_profiles) profiles = NULL;
	pki_err err = { 0 };
	size_t i;

	cr_assert_eq(pki_profiles_load(TEMPLATES_DIR, &profiles, &err), PKI_OK,
	    "%s", err.msg);
	cr_assert_eq(pki_profiles_count(profiles), 9u);
	cr_expect_str_eq(pki_profiles_at(profiles, 0)->name, "auditor");
	for (i = 1; i < pki_profiles_count(profiles); i++)
		cr_expect_lt(strcmp(pki_profiles_at(profiles, i - 1)->name,
		    pki_profiles_at(profiles, i)->name), 0);
}

Test(profiles_load, ignores_hidden_files_and_other_endings)
{
	static const char *const names[] = { "b", "a", ".c" };
	char dir[] = DIR_TEMPLATE, other[PKI_PATH_MAX];
	PKI_AUTO(pki_profiles) profiles = NULL;
	pki_err err = { 0 };

	cr_assert_not_null(mkdtemp(dir));
	put(dir, "b", "", 0644);
	put(dir, "a", "", 0644);
	put(dir, ".c", "", 0644);
	snprintf(other, sizeof(other), "%s/a.conf~", dir);
	fclose(fopen(other, "w"));
	cr_expect_eq(pki_profiles_load(dir, &profiles, &err), PKI_OK, "%s",
	    err.msg);
	cr_expect_eq(pki_profiles_count(profiles), 2u);
	unlink(other);
	drop(dir, names, PKI_COUNT(names));
}

Test(profiles_load, fails_whole_when_one_file_is_bad)
{
	static const char *const names[] = { "a", "b" };
	char dir[] = DIR_TEMPLATE, path[PKI_PATH_MAX];
	PKI_AUTO(pki_profiles) profiles = NULL;
	pki_err err = { 0 };

	cr_assert_not_null(mkdtemp(dir));
	put(dir, "a", "", 0644);
	put(dir, "b", "\"x y\"", 0644);
	cr_expect_eq(pki_profiles_load(dir, &profiles, &err), PKI_BAD_INPUT);
	cr_expect_null(profiles);
	snprintf(path, sizeof(path), "%s/b.conf:5: identity.reserve: ", dir);
	cr_expect_eq(strncmp(err.msg, path, strlen(path)), 0, "%s", err.msg);
	drop(dir, names, PKI_COUNT(names));
}

Test(profiles_load, refuses_a_file_that_others_may_write)
{
	static const char *const names[] = { "a" };
	char dir[] = DIR_TEMPLATE;
	PKI_AUTO(pki_profiles) profiles = NULL;

	cr_assert_not_null(mkdtemp(dir));
	put(dir, "a", "", 0666);
	cr_expect_eq(pki_profiles_load(dir, &profiles, NULL), PKI_DENIED);
	drop(dir, names, PKI_COUNT(names));
}

static const struct overlap {
	const char *a, *b;
	pki_code    rc;
} overlaps[] = {
	{ "\"broker-*\"", "\"bridge-*\"", PKI_OK },
	{ "\"broker\", \"broker-*\"", "\"broker\"", PKI_OK },
	{ "\"broker-*\"", "\"BROKER-*\"", PKI_OK },
	{ "\"broker-*\"", "\"broker-1\"", PKI_BAD_INPUT },
	{ "\"broker-1\"", "\"Broker-*\"", PKI_BAD_INPUT },
	{ "\"x\", \"b*\"", "\"y\", \"broker-*\"", PKI_BAD_INPUT },
	{ "\"*\"", "\"a\"", PKI_BAD_INPUT },
	{ "\"a\"", "", PKI_OK },
	{ "\"a\", \"a*\"", "\"b\"", PKI_OK },
};

Test(profiles_load, refuses_reserved_names_that_overlap)
{
	static const char *const names[] = { "a", "b" };
	size_t i;

	for (i = 0; i < PKI_COUNT(overlaps); i++) {
		char dir[] = DIR_TEMPLATE;
		PKI_AUTO(pki_profiles) profiles = NULL;
		pki_err err = { 0 };

		cr_assert_not_null(mkdtemp(dir));
		put(dir, "a", overlaps[i].a, 0644);
		put(dir, "b", overlaps[i].b, 0644);
		cr_expect_eq(pki_profiles_load(dir, &profiles, &err),
		    overlaps[i].rc, "row %zu: %s", i, err.msg);
		if (overlaps[i].rc != PKI_OK) {
			cr_expect_str_eq(err.rule, "setting", "row %zu", i);
			cr_expect(strstr(err.msg, "/b.conf:5: identity.reserve"
			    ": overlapping '"), "row %zu: %s", i, err.msg);
		}
		drop(dir, names, PKI_COUNT(names));
	}
}

Test(profiles_load, refuses_more_than_two_hundred)
{
	char dir[] = DIR_TEMPLATE, name[16];
	PKI_AUTO(pki_profiles) profiles = NULL;
	pki_err err = { 0 };
	int i;

	cr_assert_not_null(mkdtemp(dir));
	for (i = 0; i <= 200; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		put(dir, name, "", 0644);
	}
	cr_expect_eq(pki_profiles_load(dir, &profiles, &err), PKI_BAD_INPUT);
	cr_expect(strstr(err.msg, "201 templates, wants at most 200"), "%s",
	    err.msg);
	for (i = 0; i <= 200; i++) {
		char path[PKI_PATH_MAX];

		snprintf(path, sizeof(path), "%s/p%d.conf", dir, i);
		unlink(path);
	}
	cr_expect_eq(rmdir(dir), 0);
}

Test(profiles_load, says_when_there_is_no_such_directory)
{
	PKI_AUTO(pki_profiles) profiles = NULL;

	cr_expect_eq(pki_profiles_load("/nonexistent", &profiles, NULL),
	    PKI_NOT_FOUND);
}

Test(profiles_find, gives_the_profile_of_that_name)
{
	PKI_AUTO(pki_profiles) profiles = NULL;
	const pki_profile *found = NULL;

	cr_assert_eq(pki_profiles_load(TEMPLATES_DIR, &profiles, NULL),
	    PKI_OK);
	cr_expect_eq(pki_profiles_find(profiles, "broker", &found, NULL),
	    PKI_OK);
	cr_assert_not_null(found);
	cr_expect_str_eq(found->name, "broker");
}

Test(profiles_find, lists_the_known_ones_otherwise)
{
	PKI_AUTO(pki_profiles) profiles = NULL;
	const pki_profile *found = NULL;
	pki_err err = { 0 };

	cr_assert_eq(pki_profiles_load(TEMPLATES_DIR, &profiles, NULL),
	    PKI_OK);
	cr_expect_eq(pki_profiles_find(profiles, "Broker", &found, &err),
	    PKI_NOT_FOUND);
	cr_expect_str_eq(err.rule, "profile");
	cr_expect_str_eq(err.accepts, "auditor, bridge, broker, est-server, "
	    "issuing-ca, ocsp-responder, operator, root-ca, server");
	cr_expect_null(found);
}
