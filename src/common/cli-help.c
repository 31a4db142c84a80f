#include "common/cli.h"

#include <string.h>

#define SUMMARY_COLUMN 20
#define HELP_COLUMN 32

void
cli_guess_offer(struct cli_guess *guess, const char *candidate)
{
	size_t word_len = strlen(guess->word), len = strlen(candidate);
	size_t row[64], i, j;

	if (word_len == 0 || word_len >= PKI_COUNT(row))
		return;
	/* Levenshtein's distance, one row of his table at a time. */
	for (j = 0; j <= word_len; j++)
		row[j] = j;
	for (i = 1; i <= len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (j = 1; j <= word_len; j++) {
			size_t cost = diagonal +
			    (candidate[i - 1] != guess->word[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < cost)
				cost = row[j] + 1;
			if (row[j - 1] + 1 < cost)
				cost = row[j - 1] + 1;
			row[j] = cost;
		}
	}
	if (row[word_len] > 1 + word_len / 4 ||
	    (guess->best != NULL && row[word_len] >= guess->distance))
		return;
	guess->best = candidate;
	guess->distance = row[word_len];
}

const char *
cli_guess_text(const struct cli_guess *guess, char out[CLI_GUESS_TEXT])
{
	if (guess->best == NULL)
		out[0] = '\0';
	else
		snprintf(out, CLI_GUESS_TEXT, ", did you mean '%s%s'?",
		    guess->front != NULL ? guess->front : "", guess->best);
	return out;
}

bool
cli_noun_has_verbs(const struct cli_program *program, const char *noun)
{
	size_t i;

	for (i = 0; i < program->command_count; i++)
		if (strcmp(program->commands[i]->noun, noun) == 0 &&
		    program->commands[i]->verb != NULL)
			return true;
	return false;
}

static bool
same_word(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

pki_code
cli_find(const struct cli_program *program, const char *noun,
    const char *verb, const struct cli_command **out, pki_err *err)
{
	bool known = cli_noun_has_verbs(program, noun);
	struct cli_guess guess = { .word = known && verb != NULL ? verb :
	    noun };
	char text[CLI_GUESS_TEXT], front[CLI_NAME_TEXT];
	size_t i;

	if (known)
		guess.front = front;
	snprintf(front, sizeof(front), "%s ", noun);
	for (i = 0; i < program->command_count; i++) {
		const struct cli_command *row = program->commands[i];

		if (strcmp(row->noun, noun) == 0 &&
		    same_word(row->verb, verb)) {
			*out = row;
			return PKI_OK;
		}
		if (!known)
			cli_guess_offer(&guess, row->noun);
		else if (strcmp(row->noun, noun) == 0)
			cli_guess_offer(&guess, row->verb);
	}
	return pki_fail(err, PKI_USAGE, "unknown command '%s%s%s'%s", noun,
	    verb == NULL ? "" : " ", verb == NULL ? "" : verb,
	    cli_guess_text(&guess, text));
}

static void
print_summary(const struct cli_command *command, FILE *to)
{
	char name[CLI_NAME_TEXT];

	fprintf(to, "  %-*s%s\n", SUMMARY_COLUMN - 2,
	    cli_command_name(command, name), command->summary);
}

static void
print_option(const struct cli_option *option, FILE *to)
{
	char left[80], letter[8] = "";

	if (option->letter != 0)
		snprintf(letter, sizeof(letter), "-%c, ", option->letter);
	snprintf(left, sizeof(left), "%s--%s%s%s", letter, option->name,
	    option->arg == NULL ? "" : " ",
	    option->arg == NULL ? "" : option->arg);
	if (strlen(left) + 4 > HELP_COLUMN)
		fprintf(to, "  %s\n%*s%s\n", left, HELP_COLUMN, "",
		    option->help);
	else
		fprintf(to, "  %-*s%s\n", HELP_COLUMN - 2, left,
		    option->help);
}

static void
print_options(const char *title, const struct cli_option *options, FILE *to)
{
	if (options == NULL || options->name == NULL)
		return;
	fprintf(to, "\n%s:\n", title);
	for (; options->name != NULL; options++)
		print_option(options, to);
}

void
cli_help_all(const struct cli_program *program, FILE *to)
{
	size_t i;

	fprintf(to, "%s: %s\n\nusage: %s [OPTION...] COMMAND [ARGUMENT...]\n\n"
	    "Commands:\n", program->name, program->summary, program->name);
	for (i = 0; i < program->command_count; i++)
		print_summary(program->commands[i], to);
	print_options("Options of every command", program->globals, to);
	fprintf(to, "\n%s\n", program->closing);
}

void
cli_help_noun(const struct cli_program *program, const char *noun, FILE *to)
{
	size_t i;

	fprintf(to, "Commands of '%s':\n", noun);
	for (i = 0; i < program->command_count; i++)
		if (strcmp(program->commands[i]->noun, noun) == 0)
			print_summary(program->commands[i], to);
	fprintf(to, "\nSee: %s help %s COMMAND\n", program->name, noun);
}

void
cli_help_command(const struct cli_program *program,
    const struct cli_command *command, FILE *to)
{
	bool options = command->options != NULL &&
	    command->options->name != NULL;
	char name[CLI_NAME_TEXT];

	cli_command_name(command, name);
	fprintf(to, "%s %s: %s\n\nusage: %s %s%s%s%s\n", program->name, name,
	    command->summary, program->name, name,
	    options ? " [OPTION...]" : "", command->args == NULL ? "" : " ",
	    command->args == NULL ? "" : command->args);
	if (command->description != NULL)
		fprintf(to, "\n%s\n", command->description);
	print_options("Options", command->options, to);
	print_options("Options of every command", program->globals, to);
}

void
cli_help_list(const struct cli_program *program, FILE *to)
{
	char name[CLI_NAME_TEXT];
	size_t i;

	for (i = 0; i < program->command_count; i++) {
		const struct cli_option *option = program->commands[i]->options;

		fputs(cli_command_name(program->commands[i], name), to);
		for (; option != NULL && option->name != NULL; option++)
			fprintf(to, " --%s", option->name);
		fputc('\n', to);
	}
}

const struct cli_option cli_help_options[] = {
	{ .name = "list",
	  .help = "each command and its options, for scripts" },
	{ .name = NULL },
};

pki_code
cli_help(const struct cli_program *program, const struct cli *cli,
    pki_err *err)
{
	const char *verb = cli->arg_count > 1 ? cli->args[1] : NULL;
	const struct cli_command *command;
	pki_code rc;

	if (cli_has(cli, "list")) {
		cli_help_list(program, stdout);
	} else if (cli->arg_count == 0) {
		cli_help_all(program, stdout);
	} else if (verb == NULL &&
	    cli_noun_has_verbs(program, cli->args[0])) {
		cli_help_noun(program, cli->args[0], stdout);
	} else {
		rc = cli_find(program, cli->args[0], verb, &command, err);
		if (rc != PKI_OK)
			return rc;
		cli_help_command(program, command, stdout);
	}
	return print_flush(err);
}
