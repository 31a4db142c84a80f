#include "common/cli.h"

#include <assert.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "common/process.h"

/* getopt_long's result for row i of the table it was given. */
#define LONG_BASE 1000
#define OPTIONS_MAX 48

/* How codes turn into exit statuses, everywhere. */
static const int exit_statuses[] = {
	[PKI_OK] = 0,
	[PKI_USAGE] = 2,
	[PKI_BAD_INPUT] = 1,
	[PKI_DENIED] = 1,
	[PKI_NOT_FOUND] = 1,
	[PKI_EXISTS] = 1,
	[PKI_PENDING] = 3,
	[PKI_BUSY] = 3,
	[PKI_CLOCK] = 3,
	[PKI_DAMAGED] = 1,
	[PKI_CRYPTO] = 1,
	[PKI_STORE] = 1,
	[PKI_SYSTEM] = 1,
	[PKI_NO_MEMORY] = 1,
};

static const pki_choice formats[] = {
	{ "table", PRINT_TABLE },
	{ "json", PRINT_JSON },
	{ NULL, 0 },
};

int
cli_exit_status(pki_code code)
{
	return (size_t)code < PKI_COUNT(exit_statuses) ?
	    exit_statuses[code] : 1;
}

const char *
cli_command_name(const struct cli_command *command, char out[CLI_NAME_TEXT])
{
	snprintf(out, CLI_NAME_TEXT, "%s%s%s", command->noun,
	    command->verb == NULL ? "" : " ",
	    command->verb == NULL ? "" : command->verb);
	return out;
}

void
cli_say(const struct cli *cli, const char *fmt, ...)
{
	PKI_AUTO(pki_buf) hinted = NULL;
	char text[2048];
	va_list args;

	if (cli->quiet)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	hinted = pki_buf_new();
	cli_add_hinted(cli, hinted, text);
	fprintf(stderr, "%s\n", pki_buf_check(hinted, NULL) == PKI_OK ?
	    pki_buf_text(hinted) : text);
}

/* The error, with commands that can be copied. */
static void
report(const struct cli *cli, const char *command, const pki_err *err)
{
	PKI_AUTO(pki_buf) hinted = pki_buf_new();
	pki_err shown = *err;

	cli_add_hinted(cli, hinted, err->msg);
	if (pki_buf_check(hinted, NULL) == PKI_OK &&
	    hinted->len < sizeof(shown.msg))
		memcpy(shown.msg, pki_buf_text(hinted), hinted->len + 1);
	print_error(cli->format, cli->program->name, command, &shown);
}

static bool
table_has(const struct cli_option *table, const char *name)
{
	for (; table != NULL && table->name != NULL; table++)
		if (strcmp(table->name, name) == 0)
			return true;
	return false;
}

const char *
cli_value_at(const struct cli *cli, const char *name, size_t i)
{
	size_t at;

	assert(cli->command == NULL || table_has(cli->command->options, name) ||
	    table_has(cli->program->globals, name));
	for (at = 0; at < cli->given_count; at++)
		if (strcmp(cli->given[at].option->name, name) == 0 && i-- == 0)
			return cli->given[at].value;
	return NULL;
}

const char *
cli_value(const struct cli *cli, const char *name)
{
	return cli_value_at(cli, name, 0);
}

bool
cli_has(const struct cli *cli, const char *name)
{
	return cli_value_at(cli, name, 0) != NULL;
}

static pki_code
wrap_option(pki_err *err, const char *name)
{
	return pki_wrap(err, PKI_USAGE, "--%s", name);
}

pki_code
cli_number(const struct cli *cli, const char *name, int64_t min, int64_t *out,
    pki_err *err)
{
	const char *text = cli_value(cli, name);

	if (text == NULL)
		return PKI_OK;
	if (pki_number_parse(text, min, INT64_MAX, out, err) != PKI_OK)
		return wrap_option(err, name);
	return PKI_OK;
}

pki_code
cli_duration(const struct cli *cli, const char *name, int64_t *out,
    pki_err *err)
{
	const char *text = cli_value(cli, name);

	if (text == NULL)
		return PKI_OK;
	if (pki_duration_parse(text, out, err) != PKI_OK)
		return wrap_option(err, name);
	return PKI_OK;
}

pki_code
cli_time(const struct cli *cli, const char *name, int64_t *out, pki_err *err)
{
	const char *text = cli_value(cli, name);

	if (text == NULL)
		return PKI_OK;
	if (pki_time_parse(text, out, err) != PKI_OK)
		return wrap_option(err, name);
	return PKI_OK;
}

pki_code
cli_choice(const struct cli *cli, const char *name, const pki_choice *choices,
    int *out, pki_err *err)
{
	const char *text = cli_value(cli, name);
	char accepts[sizeof(err->accepts)] = "";
	size_t len = 0;

	if (text == NULL)
		return PKI_OK;
	for (; choices->name != NULL; choices++) {
		if (strcmp(choices->name, text) == 0) {
			*out = choices->code;
			return PKI_OK;
		}
		if (len < sizeof(accepts))
			len += (size_t)snprintf(accepts + len,
			    sizeof(accepts) - len, "%s%s",
			    len == 0 ? "" : ", ", choices->name);
	}
	return pki_refuse(err, PKI_USAGE, name, accepts, "%s", text);
}

pki_code
cli_at_most_one(const struct cli *cli, const char *const *names, size_t count,
    pki_err *err)
{
	const char *first = NULL;
	size_t i;

	for (i = 0; i < count; i++) {
		if (!cli_has(cli, names[i]))
			continue;
		if (first != NULL)
			return pki_fail(err, PKI_USAGE,
			    "--%s and --%s exclude each other", first,
			    names[i]);
		first = names[i];
	}
	return PKI_OK;
}

/* The options of one stage of the command line, as getopt_long wants them. */
struct stage {
	const struct cli_option *rows[OPTIONS_MAX];
	struct option            longs[OPTIONS_MAX + 1];
	size_t                   count;
	char                     shorts[2 * OPTIONS_MAX + 4];
};

static void
add_rows(struct stage *stage, const struct cli_option *table)
{
	size_t len = strlen(stage->shorts);

	for (; table != NULL && table->name != NULL; table++) {
		size_t i = stage->count++;

		assert(i < OPTIONS_MAX);
		stage->rows[i] = table;
		stage->longs[i].name = table->name;
		stage->longs[i].has_arg = table->arg != NULL ?
		    required_argument : no_argument;
		stage->longs[i].val = LONG_BASE + (int)i;
		if (table->letter == 0)
			continue;
		stage->shorts[len++] = table->letter;
		if (table->arg != NULL)
			stage->shorts[len++] = ':';
	}
	stage->shorts[len] = '\0';
}

static const struct cli_option *
row_of(const struct stage *stage, int result)
{
	size_t i;

	if (result >= LONG_BASE &&
	    (size_t)(result - LONG_BASE) < stage->count)
		return stage->rows[result - LONG_BASE];
	/* 0 is no letter, and what optopt is for an unknown long option. */
	for (i = 0; result != 0 && i < stage->count; i++)
		if (stage->rows[i]->letter == result)
			return stage->rows[i];
	return NULL;
}

/*
 * Say what is wrong with an option: result is ':' without its value, '?' with
 * a value too many or unknown to getopt_long, else it was abbreviated.
 */
static pki_code
refuse_option(const struct stage *stage, int result, const char *word,
    pki_err *err)
{
	const struct cli_option *row = result == ':' || result == '?' ?
	    row_of(stage, optopt) : NULL;
	char guess_text[CLI_GUESS_TEXT], name[64];
	struct cli_guess guess = { .word = name, .front = "--" };
	size_t i;

	if (result == ':' && row != NULL)
		return pki_fail(err, PKI_USAGE, "--%s needs %s", row->name,
		    row->arg);
	if (row != NULL)
		return pki_fail(err, PKI_USAGE, "--%s takes no value",
		    row->name);
	if (strncmp(word, "--", 2) != 0)
		return pki_fail(err, PKI_USAGE, "unknown option '-%c'",
		    optopt);
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="),
	    word + 2);
	for (i = 0; i < stage->count; i++)
		cli_guess_offer(&guess, stage->rows[i]->name);
	return pki_fail(err, PKI_USAGE, "unknown option '--%s'%s", name,
	    cli_guess_text(&guess, guess_text));
}

static pki_code
take_option(struct cli *cli, const struct cli_option *row, const char *value,
    pki_err *err)
{
	size_t i;

	for (i = 0; row->kind == CLI_ONCE && i < cli->given_count; i++) {
		if (cli->given[i].option != row)
			continue;
		if (row->arg == NULL)
			return PKI_OK;
		return pki_fail(err, PKI_USAGE, "--%s is given twice",
		    row->name);
	}
	/* A flag's value is its presence. */
	cli->given[cli->given_count].option = row;
	cli->given[cli->given_count++].value = value != NULL ? value : "";
	if (strcmp(row->name, "quiet") == 0)
		cli->quiet = true;
	if (strcmp(row->name, "output") == 0) {
		int format = PRINT_TABLE;
		pki_code rc = cli_choice(cli, "output", formats, &format, err);

		cli->format = (enum print_format)format;
		return rc;
	}
	return PKI_OK;
}

/*
 * Read options from argv[1] on.  With own: those of a command too, and words
 * are its arguments.  Without: stop at the first word.  *next: where.
 */
static pki_code
read_stage(struct cli *cli, int argc, char **argv,
    const struct cli_command *own, int *next, pki_err *err)
{
	struct stage stage = { .count = 0 };
	int result;

	/* "-": words come as option 1, and POSIXLY_CORRECT is not looked at. */
	strcpy(stage.shorts, own != NULL ? "-:" : "+:");
	add_rows(&stage, cli->program->globals);
	if (own != NULL)
		add_rows(&stage, own->options);
	opterr = 0;
	optind = 0;
	for (;;) {
		int at = optind == 0 ? 1 : optind;
		const struct cli_option *row;
		pki_code rc;

		result = getopt_long(argc, argv, stage.shorts, stage.longs,
		    NULL);
		if (result == -1)
			break;
		if (result == 1) {
			cli->args[cli->arg_count++] = optarg;
			continue;
		}
		row = result == '?' || result == ':' ? NULL :
		    row_of(&stage, result);
		/* getopt_long takes abbreviations; tomorrow they may differ. */
		if (row == NULL || (result >= LONG_BASE &&
		    strcspn(argv[at] + 2, "=") != strlen(row->name)))
			return refuse_option(&stage, result, argv[at], err);
		rc = take_option(cli, row, optarg, err);
		if (rc != PKI_OK)
			return rc;
	}
	*next = optind;
	for (; own != NULL && *next < argc; (*next)++)
		cli->args[cli->arg_count++] = argv[*next];
	return PKI_OK;
}

static pki_code
check_arg_count(const struct cli *cli, pki_err *err)
{
	const struct cli_command *command = cli->command;

	if (cli->arg_count < (size_t)command->min_args)
		return pki_fail(err, PKI_USAGE, "needs %s",
		    command->args);
	if (command->max_args >= 0 &&
	    cli->arg_count > (size_t)command->max_args)
		return pki_fail(err, PKI_USAGE, "one argument too many: '%s'",
		    cli->args[command->max_args]);
	return PKI_OK;
}

/* Read the whole command line.  No command: cli->command stays NULL. */
static pki_code
read_line(struct cli *cli, int argc, char **argv, const char **noun,
    pki_err *err)
{
	const char *verb = NULL;
	int next = 0;
	pki_code rc;

	rc = read_stage(cli, argc, argv, NULL, &next, err);
	if (rc != PKI_OK || next >= argc)
		return rc;
	argc -= next;
	argv += next;
	*noun = argv[0];
	if (cli_noun_has_verbs(cli->program, *noun)) {
		rc = read_stage(cli, argc, argv, NULL, &next, err);
		if (rc != PKI_OK || next >= argc)
			return rc;
		argc -= next;
		argv += next;
		verb = argv[0];
	}
	rc = cli_find(cli->program, *noun, verb, &cli->command, err);
	if (rc != PKI_OK)
		return rc;
	rc = read_stage(cli, argc, argv, cli->command, &next, err);
	if (rc != PKI_OK || cli_has(cli, "help"))
		return rc;
	return check_arg_count(cli, err);
}

/* --help, --version and a call without a command end here. */
static bool
answer_at_once(const struct cli *cli, const char *noun, pki_err *err,
    pki_code *rc)
{
	if (cli_has(cli, "version")) {
		printf("%s %s\n", cli->program->name, cli->program->version);
	} else if (cli_has(cli, "help")) {
		if (cli->command != NULL)
			cli_help_command(cli->program, cli->command, stdout);
		else if (noun != NULL)
			cli_help_noun(cli->program, noun, stdout);
		else
			cli_help_all(cli->program, stdout);
	} else if (cli->command == NULL) {
		if (noun != NULL)
			cli_help_noun(cli->program, noun, stderr);
		*rc = pki_fail(err, PKI_USAGE, noun != NULL ?
		    "needs a command of '%s'" : "needs a command; %s help "
		    "lists them", noun != NULL ? noun : cli->program->name);
		return true;
	} else {
		return false;
	}
	*rc = print_flush(err);
	return true;
}

static pki_code
run(struct cli *cli, int argc, char **argv, pki_err *err)
{
	const char *noun = NULL;
	pki_code rc;

	rc = read_line(cli, argc, argv, &noun, err);
	if (rc != PKI_OK || answer_at_once(cli, noun, err, &rc))
		return rc;
	return cli->program->run(cli, err);
}

int
cli_main(const struct cli_program *program, int argc, char **argv)
{
	struct cli cli = { .program = program };
	char name[CLI_NAME_TEXT] = "";
	pki_err err = { .code = PKI_OK };
	pki_err flush_err = { .code = PKI_OK };
	pki_code rc;

	/* Each flag once; every other option has a word, or the end of one. */
	cli.given = calloc((size_t)argc + OPTIONS_MAX, sizeof(*cli.given));
	cli.args = calloc((size_t)argc + 1, sizeof(*cli.args));
	rc = process_begin(&err);
	if (rc == PKI_OK && (cli.given == NULL || cli.args == NULL))
		rc = pki_fail_memory(&err);
	if (rc == PKI_OK)
		rc = run(&cli, argc, argv, &err);
	if (cli.command != NULL)
		cli_command_name(cli.command, name);
	if (rc != PKI_OK)
		report(&cli, name, &err);
	if (rc == PKI_USAGE && cli.command != NULL &&
	    cli.format == PRINT_TABLE)
		cli_say(&cli, "See: %s help %s", program->name, name);
	if (print_flush(&flush_err) != PKI_OK && rc == PKI_OK) {
		rc = flush_err.code;
		report(&cli, name, &flush_err);
	}
	free(cli.given);
	free(cli.args);
	return cli_exit_status(rc);
}
