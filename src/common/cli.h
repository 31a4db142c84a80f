#ifndef PKI_COMMON_CLI_H
#define PKI_COMMON_CLI_H

/*
 * A program as a table of commands.  Parsing, help, "help --list" and the
 * check of the manual page come from the same records.
 */

#include <stdio.h>

#include "common/print.h"

enum cli_kind {
	CLI_ONCE,       /* a second time is a usage error */
	CLI_REPEAT,
};

/* The last row's name is NULL. */
struct cli_option {
	const char   *name;             /* without "--" */
	const char   *arg;              /* what it is called; NULL: a flag */
	const char   *help;
	enum cli_kind kind;
	char          letter;           /* "-o", or 0 */
	bool          where;            /* suggested commands repeat it */
};

struct session;         /* each program's own */

struct cli_command {
	const char              *noun, *verb;   /* verb NULL: one word */
	const char              *args;          /* "ID...", or NULL */
	const char              *summary;       /* half a line */
	const char              *description;   /* lines of help, or NULL */
	const struct cli_option *options;       /* or NULL */
	int                      min_args;
	int                      max_args;      /* -1: any number */
	unsigned                 flags;         /* the program's own */
	pki_code               (*run)(struct session *session);
};

struct cli_given {
	const struct cli_option *option;
	const char              *value;
};

/* One call of a program, read and checked. */
struct cli {
	const struct cli_program *program;
	const struct cli_command *command;
	struct cli_given         *given;
	size_t                    given_count;
	const char              **args;
	size_t                    arg_count;
	enum print_format         format;
	bool                      quiet;
};

struct cli_program {
	const char                      *name;
	const char                      *summary;
	const char                      *version;
	const char                      *closing;       /* of help */
	const struct cli_command *const *commands;
	size_t                           command_count;
	/* Must have "output", "quiet", "help" and "version". */
	const struct cli_option         *globals;
	pki_code                       (*run)(const struct cli *cli,
	                                   pki_err *err);
};

/* Everything between main() and exit().  Returns the exit status. */
int cli_main(const struct cli_program *program, int argc, char **argv);

/* 0 done, 1 refused, failed or damaged, 2 usage, 3 try again later. */
int cli_exit_status(pki_code code);

/* Was the option given?  Its value, or NULL; value i of a repeated one. */
bool cli_has(const struct cli *cli, const char *name);
const char *cli_value(const struct cli *cli, const char *name);
const char *cli_value_at(const struct cli *cli, const char *name, size_t i);

/*
 * Values of a kind; *out stays as it is when the option was not given.
 * PKI_USAGE, with the option's name in front.
 */
PKI_CHECKED pki_code cli_number(const struct cli *cli, const char *name,
    int64_t min, int64_t *out, pki_err *err);
PKI_CHECKED pki_code cli_duration(const struct cli *cli, const char *name,
    int64_t *out, pki_err *err);
PKI_CHECKED pki_code cli_time(const struct cli *cli, const char *name,
    int64_t *out, pki_err *err);
PKI_CHECKED pki_code cli_choice(const struct cli *cli, const char *name,
    const pki_choice *choices, int *out, pki_err *err);

/* PKI_USAGE when more than one of these options was given. */
PKI_CHECKED pki_code cli_at_most_one(const struct cli *cli,
    const char *const *names, size_t count, pki_err *err);

/* "cert issue".  Returns out. */
#define CLI_NAME_TEXT 64
const char *cli_command_name(const struct cli_command *command,
    char out[CLI_NAME_TEXT]);

/*
 * A sentence for people on stderr, with its end; nothing after -q.  A command
 * of this program in it gets the options given that say where to work.
 */
void cli_say(const struct cli *cli, const char *fmt, ...) PKI_PRINTF(2, 3);

/* Append text, its commands likewise. */
void cli_add_hinted(const struct cli *cli, pki_buf *out, const char *text);

/* Help: of all, of a noun's commands, of one command; the list for scripts. */
void cli_help_all(const struct cli_program *program, FILE *to);
void cli_help_noun(const struct cli_program *program, const char *noun,
    FILE *to);
void cli_help_command(const struct cli_program *program,
    const struct cli_command *command, FILE *to);
void cli_help_list(const struct cli_program *program, FILE *to);

/* What the command "help [COMMAND]" does and takes, in any program. */
extern const struct cli_option cli_help_options[];
PKI_CHECKED pki_code cli_help(const struct cli_program *program,
    const struct cli *cli, pki_err *err);

/*
 * The command of these words; verb may be NULL.  PKI_USAGE: there is none;
 * the sentence says which one was probably meant.
 */
PKI_CHECKED pki_code cli_find(const struct cli_program *program,
    const char *noun, const char *verb, const struct cli_command **out,
    pki_err *err);
bool cli_noun_has_verbs(const struct cli_program *program, const char *noun);

/* Of candidates, offer the next one; keep whichever is nearest to word. */
struct cli_guess {
	const char *word, *best;
	const char *front;      /* put before it: "--", or NULL */
	size_t      distance;
};
void cli_guess_offer(struct cli_guess *guess, const char *candidate);
/* ", did you mean 'x'?" or "". Returns out. */
#define CLI_GUESS_TEXT 96
const char *cli_guess_text(const struct cli_guess *guess,
    char out[CLI_GUESS_TEXT]);

#endif
