#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pki-estd/enclosure.h"
#include "pki-estd/issuer.h"
#include "pki-estd/log.h"
#include "pki-estd/parent.h"
#include "pki-estd/worker.h"

#define CONF_NAME "pki-estd.conf"

static const char help_text[] =
"Usage: pki-estd [--dir DIR] [--conf FILE]\n"
"       pki-estd --check [--dir DIR] [--conf FILE] [-o FORMAT]\n"
"Enroll devices over HTTPS (EST), in the foreground.\n\n"
"  --conf FILE        settings are in FILE\n"
"  --dir DIR          state and settings are in DIR (or PKI_DIR)\n"
"  --check            look at settings, CA and sandbox; serve nothing\n"
"  -o, --output FORMAT  of --check: table or json\n"
"  -h, --help         explain the options\n"
"  -V, --version      print the version\n\n"
"State is in " PKI_STATE_DIR ", settings in " PKI_CONF_DIR ", unless --dir\n"
"or PKI_DIR says otherwise.  See also: pki-estd(8), pki-estd.conf(5).\n";

enum { OPTION_CONF = 256, OPTION_DIR };

/* The first argument of a process that the parent starts. */
static const struct role_name {
	const char *option;
	estd_role   role;
} role_names[] = {
	{ "--worker", ESTD_WORKER },
	{ "--issuer", ESTD_ISSUER },
};

static const struct option longs[] = {
	{ "check", no_argument, NULL, 'c' },
	{ "conf", required_argument, NULL, OPTION_CONF },
	{ "dir", required_argument, NULL, OPTION_DIR },
	{ "help", no_argument, NULL, 'h' },
	{ "output", required_argument, NULL, 'o' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static _Noreturn void
print_and_exit(const char *text)
{
	fputs(text, stdout);
	exit(fflush(stdout) == 0 ? 0 : 1);
}

static pki_code
read_format(const char *text, estd_format *out, pki_err *err)
{
	if (strcmp(text, "table") != 0 && strcmp(text, "json") != 0)
		return pki_refuse(err, PKI_USAGE, "output", "table, json",
		    "%s", text);
	*out = text[0] == 'j' ? ESTD_JSON : ESTD_TABLE;
	return PKI_OK;
}

static pki_code
read_option(int option, estd_options *out, pki_err *err)
{
	switch (option) {
	case OPTION_CONF:
		out->conf = optarg;
		return PKI_OK;
	case OPTION_DIR:
		out->dir = optarg;
		return PKI_OK;
	case 'c':
		out->role = ESTD_CHECK;
		return PKI_OK;
	case 'o':
		return read_format(optarg, &out->format, err);
	case 'h':
		print_and_exit(help_text);
	case 'V':
		print_and_exit("pki-estd " PACKAGE_VERSION "\n");
	default:
		return pki_fail(err, PKI_USAGE, "unknown option, or one "
		    "without its value; see: pki-estd --help");
	}
}

static pki_code
find_places(estd_options *options, pki_err *err)
{
	const char *env = getenv("PKI_DIR");

	if (options->dir == NULL)
		options->dir = env;
	if ((options->dir != NULL && options->dir[0] == '\0') ||
	    (options->conf != NULL && options->conf[0] == '\0'))
		return pki_fail(err, PKI_USAGE, "--dir, --conf and PKI_DIR "
		    "must not be empty");
	options->state_dir = options->dir != NULL ? options->dir :
	    PKI_STATE_DIR;
	options->conf_dir = options->dir != NULL ? options->dir :
	    PKI_CONF_DIR;
	if (options->conf == NULL)
		return pki_path_join(options->conf_path, options->conf_dir,
		    CONF_NAME, err);
	return pki_text_format(options->conf_path,
	    sizeof(options->conf_path), err, "%s", options->conf);
}

static pki_code
read_options(int argc, char **argv, estd_options *out, pki_err *err)
{
	int option;
	pki_code rc = PKI_OK;

	opterr = 0;
	while (rc == PKI_OK &&
	    (option = getopt_long(argc, argv, "ho:V", longs, NULL)) != -1)
		rc = read_option(option, out, err);
	if (rc == PKI_OK && optind < argc)
		rc = pki_fail(err, PKI_USAGE, "'%s' is not an option; see: "
		    "pki-estd --help", argv[optind]);
	return rc == PKI_OK ? find_places(out, err) : rc;
}

static pki_code
run(const estd_options *options, char **args, pki_err *err)
{
	switch (options->role) {
	case ESTD_WORKER:
		return worker_run(options, err);
	case ESTD_ISSUER:
		return issuer_run(options, err);
	case ESTD_CHECK:
		return enclosure_check(options, err);
	default:
		return parent_run(options, args, err);
	}
}

int
main(int argc, char **argv)
{
	estd_options options = { .role = ESTD_PARENT };
	pki_err err = { .code = PKI_OK };
	int skip = 0;
	pki_code rc;

	for (size_t i = 0; argc > 1 && i < PKI_COUNT(role_names); i++)
		if (strcmp(argv[1], role_names[i].option) == 0) {
			options.role = role_names[i].role;
			skip = 1;
		}
	rc = read_options(argc - skip, argv + skip, &options, &err);
	if (rc == PKI_OK)
		rc = run(&options, argv + 1, &err);
	if (rc == PKI_OK)
		return 0;
	if (rc == PKI_USAGE || options.role == ESTD_CHECK)
		fprintf(stderr, "pki-estd: %s\n", err.msg);
	else
		log_event("failed", &LOG_AS_TEXT("reason", err.msg), 1);
	return rc == PKI_USAGE ? 2 : 1;
}
