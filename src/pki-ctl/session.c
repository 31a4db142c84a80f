#include "pki-ctl/session.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/term.h"
#include "pki-ctl/passphrase.h"

#define TYPED_MAX 3

int64_t
session_now(void)
{
	return pki_clock_now(NULL);
}

/* The passphrase at hand, or what the person at the terminal types. */
static pki_code
get_passphrase(void *arg, const char *what, pki_buf **out, pki_err *err)
{
	struct session *s = arg;
	char prompt[PKI_PATH_MAX + 32];
	pki_passphrase given;

	if (s->secret != NULL) {
		given = passphrase_fixed(s->secret);
		return given.get(given.arg, what, out, err);
	}
	if (!term_can_ask())
		return pki_refuse(err, PKI_DENIED, "passphrase",
		    "--passphrase-file, --passphrase-fd or a terminal",
		    "no passphrase for %s", what);
	snprintf(prompt, sizeof(prompt), "Passphrase for %s: ", what);
	s->typed = true;
	return term_ask_passphrase(prompt, out, err);
}

bool
session_retry(struct session *s, pki_code rc)
{
	bool typed = s->typed;

	s->typed = false;
	if (rc != PKI_DENIED || !typed ||
	    strcmp(s->err->rule, "passphrase") != 0 ||
	    ++s->retries >= TYPED_MAX)
		return false;
	cli_say(s->cli, "This passphrase does not fit; try again.");
	return true;
}

/* The login name of who called, for the audit log. */
static void
find_who(struct session *s)
{
	const struct passwd *entry = getpwuid(getuid());

	if (entry != NULL)
		snprintf(s->who_name, sizeof(s->who_name), "%s",
		    entry->pw_name);
	else
		snprintf(s->who_name, sizeof(s->who_name), "uid %u",
		    (unsigned)getuid());
	s->who = (pki_requester){ PKI_BY_OPERATOR, s->who_name };
}

static bool
is_other(const char *dir)
{
	struct stat st;

	return stat(dir, &st) == 0 && !S_ISDIR(st.st_mode);
}

/* An empty one is a variable that a script forgot, and no other place. */
static pki_code
find_directories(struct session *s)
{
	const char *dir = cli_value(s->cli, "dir");
	const char *conf = cli_value(s->cli, "conf");
	const char *env = getenv("PKI_DIR");

	if (dir == NULL && env != NULL && env[0] == '\0')
		return pki_fail(s->err, PKI_USAGE, "PKI_DIR is empty, wants "
		    "the directory of a CA, or not to be set");
	if (dir == NULL)
		dir = env;
	if ((dir != NULL && dir[0] == '\0') ||
	    (conf != NULL && conf[0] == '\0'))
		return pki_fail(s->err, PKI_USAGE, "--%s is empty, wants a "
		    "directory", dir != NULL && dir[0] == '\0' ? "dir" :
		    "conf");
	s->state_dir = dir != NULL ? dir : PKI_STATE_DIR;
	s->conf_dir = conf != NULL ? conf : dir != NULL ? dir : PKI_CONF_DIR;
	if (is_other(s->state_dir) || is_other(s->conf_dir))
		return pki_fail(s->err, PKI_BAD_INPUT, "%s is not a directory",
		    is_other(s->state_dir) ? s->state_dir : s->conf_dir);
	return PKI_OK;
}

pki_code
session_begin(struct session *s, const struct cli *cli, pki_err *err)
{
	static const char *const sources[] = {
		"passphrase-file", "passphrase-fd",
	};
	const char *file = cli_value(cli, sources[0]);
	const char *fd = cli_value(cli, sources[1]);
	pki_code rc;

	*s = (struct session){ .cli = cli, .err = err };
	s->passphrase = (pki_passphrase){ get_passphrase, s };
	find_who(s);
	rc = find_directories(s);
	if (rc == PKI_OK)
		rc = cli_at_most_one(cli, sources, PKI_COUNT(sources), err);
	if (rc == PKI_OK && file != NULL)
		rc = passphrase_read_file(file, &s->secret, err);
	if (rc == PKI_OK && fd != NULL)
		rc = passphrase_read_fd(fd, &s->secret, err);
	return rc;
}

void
session_end(struct session *s)
{
	pki_ca_free(s->ca);
	pki_buf_free(s->secret);
	s->ca = NULL;
	s->secret = NULL;
}

/*
 * root, and whom it becomes, takes no settings from where another may put
 * them: a file of the right owner can be moved there, too.
 */
static pki_code
check_conf(struct session *s)
{
	char templates[PKI_PATH_MAX];
	pki_code rc;

	if (getuid() != 0 && !s->owner.differs)
		return PKI_OK;
	rc = pki_path_join(templates, s->conf_dir, SESSION_TEMPLATES, s->err);
	if (rc == PKI_OK)
		rc = pki_dir_check(s->conf_dir, s->err);
	if (rc == PKI_OK)
		rc = pki_dir_check(templates, s->err);
	/* 'init' makes them, and who reads them says what is missing. */
	return rc == PKI_NOT_FOUND ? PKI_OK : rc;
}

/* Will a file be written as who called, once the CA is open? */
static bool
has_output(const struct cli *cli)
{
	size_t i;

	for (i = 0; i < cli->given_count; i++)
		if (strcmp(cli->given[i].option->name, "out") == 0 ||
		    strcmp(cli->given[i].option->name, "new-key") == 0)
			return true;
	return false;
}

pki_code
session_become_owner(struct session *s)
{
	pki_code rc;

	rc = owner_find(s->state_dir, &s->owner, s->err);
	s->owner.for_good = !has_output(s->cli);
	if (rc == PKI_OK)
		rc = owner_become(&s->owner, s->err);
	return rc == PKI_OK ? check_conf(s) : rc;
}

pki_code
session_open(struct session *s)
{
	const pki_ca_options options = {
		.state_dir = s->state_dir,
		.conf_dir = s->conf_dir,
		.passphrase = &s->passphrase,
	};
	char path[PKI_PATH_MAX];
	pki_code rc;

	rc = session_become_owner(s);
	if (rc == PKI_OK)
		rc = pki_path_join(path, s->state_dir, "ca.db", s->err);
	if (rc != PKI_OK)
		return rc;
	rc = pki_ca_open(&options, &s->ca, s->err);
	if (rc == PKI_NOT_FOUND && !pki_file_exists(path))
		rc = pki_fail(s->err, rc, "there is no CA in %s; run: pki-ctl "
		    "init", s->state_dir);
	return rc;
}

pki_code
session_read(struct session *s, const char *path, size_t max_bytes,
    pki_buf **out)
{
	if (strcmp(path, "-") == 0)
		return pki_file_read_fd(STDIN_FILENO, "standard input",
		    max_bytes, out, s->err);
	return pki_file_read(path, max_bytes, PKI_FILE_ANY, out, s->err);
}
