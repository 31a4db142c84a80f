/* Commands suggested to the user: with the options that he gave. */
#include "common/cli.h"

#include <string.h>

/* As a shell reads it. */
static void
add_quoted(pki_buf *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@%+=,-";

	if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
		pki_buf_add_text(out, word);
		return;
	}
	pki_buf_add_byte(out, '\'');
	for (; *word != '\0'; word++)
		if (*word == '\'')
			pki_buf_add_text(out, "'\\''");
		else
			pki_buf_add_byte(out, (uint8_t)*word);
	pki_buf_add_byte(out, '\'');
}

/* Does text begin with a command that works somewhere? */
static bool
begins_command(const struct cli_program *program, const char *text)
{
	size_t len = strcspn(text, " '.,;\n"), i;

	for (i = 0; i < program->command_count; i++) {
		const char *noun = program->commands[i]->noun;

		if (strlen(noun) == len && strncmp(noun, text, len) == 0)
			return strcmp(noun, "help") != 0;
	}
	return false;
}

void
cli_add_hinted(const struct cli *cli, pki_buf *out, const char *text)
{
	const char *name = cli->program->name, *at;
	size_t len = strlen(name), i;

	while ((at = strstr(text, name)) != NULL) {
		bool hint = at[len] == ' ' &&
		    begins_command(cli->program, at + len + 1);

		at += len;
		pki_buf_add(out, pki_bytes_of((const uint8_t *)text,
		    (size_t)(at - text)));
		text = at;
		for (i = 0; hint && i < cli->given_count; i++) {
			if (!cli->given[i].option->where)
				continue;
			pki_buf_add_format(out, " --%s ",
			    cli->given[i].option->name);
			add_quoted(out, cli->given[i].value);
		}
	}
	pki_buf_add_text(out, text);
}
