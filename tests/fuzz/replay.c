#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

/*
 * Usage: PROGRAM [--tap=FILE] [INPUT...]
 * Give each input to the target once; without any, those of its corpus.  A
 * test speaks TAP to a file, as Criterion's do (run-criterion.sh).
 */

#define INPUT_MAX (64 * 1024)

static FILE *tap;

static void
run_one(const char *path, int number)
{
	PKI_AUTO(pki_buf) text = NULL;
	pki_err err = { 0 };
	uint8_t *copy;

	/* Should it end the process, this says by what. */
	fprintf(tap, "# %s\n", path);
	fflush(tap);
	if (pki_file_read(path, INPUT_MAX, PKI_FILE_ANY, &text, &err) !=
	    PKI_OK) {
		fprintf(tap, "not ok %d - %s: %s\n", number, path, err.msg);
		return;
	}
	/* Not an octet more, so that a sanitizer sees a read beyond. */
	copy = malloc(text->len == 0 ? 1 : text->len);
	fuzz_assert(copy != NULL);
	memcpy(copy, text->data, text->len);
	fuzz_assert(LLVMFuzzerTestOneInput(copy, text->len) == 0);
	free(copy);
	fprintf(tap, "ok %d - %s\n", number, strrchr(path, '/') == NULL ?
	    path : strrchr(path, '/') + 1);
	fflush(tap);
}

static int
is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int
run_corpus(void)
{
	struct dirent **entries;
	char path[PKI_PATH_MAX];
	int count = scandir(FUZZ_CORPUS, &entries, is_input, alphasort);

	if (count <= 0) {
		fprintf(stderr, "no inputs in %s\n", FUZZ_CORPUS);
		return 1;
	}
	fprintf(tap, "TAP version 13\n1..%d\n", count);
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", FUZZ_CORPUS,
		    entries[i]->d_name);
		run_one(path, i + 1);
		free(entries[i]);
	}
	free(entries);
	return 0;
}

int
main(int argc, char **argv)
{
	static const char option[] = "--tap=";
	int rc = 0, first = 1;

	tap = stdout;
	if (argc > 1 && strncmp(argv[1], option, sizeof(option) - 1) == 0) {
		tap = fopen(argv[1] + sizeof(option) - 1, "w");
		if (tap == NULL) {
			perror(argv[1]);
			return 1;
		}
		first = 2;
	}
	if (first == argc)
		rc = run_corpus();
	for (int i = first; i < argc; i++)
		run_one(argv[i], i);
	return fclose(tap) == 0 ? rc : 1;
}
