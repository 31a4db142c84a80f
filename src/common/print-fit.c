#include "common/print-fit.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <libsmartcols/libsmartcols.h>

/* Narrower than this no text is folded. */
#define LEAST_ROOM 20

/* Columns of the terminal; 0: stdout is none. */
static size_t
terminal_width(void)
{
	struct winsize size;

	if (isatty(STDOUT_FILENO) != 1 ||
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
		return 0;
	return size.ws_col;
}

/* How wide column at is in what was gathered; cells are plain ASCII. */
static size_t
column_width(struct libscols_table *table, size_t at)
{
	struct libscols_column *column = scols_table_get_column(table, at);
	size_t lines = scols_table_get_nlines(table), width, i;
	const char *text;

	width = strlen(scols_cell_get_data(scols_column_get_header(column)));
	for (i = 0; i < lines; i++) {
		text = scols_cell_get_data(scols_line_get_cell(
		    scols_table_get_line(table, i), at));
		if (text != NULL && strlen(text) > width)
			width = strlen(text);
	}
	return width;
}

static bool
is_shown(struct libscols_table *table, size_t at)
{
	return (scols_column_get_flags(scols_table_get_column(table, at)) &
	    SCOLS_FL_HIDDEN) == 0;
}

/* Of all columns that are shown, with the spaces between, but of kind. */
static size_t
width_without(struct libscols_table *table, const struct print_column *columns,
    size_t count, enum print_kind kind)
{
	size_t width = 0, at = 0, i;

	for (i = 0; i < count; i++) {
		if (columns[i].json_only)
			continue;
		if (is_shown(table, at))
			width += 1 + (columns[i].kind == kind ? 0 :
			    column_width(table, at));
		at++;
	}
	return width == 0 ? 0 : width - 1;
}

/* The one to be spared first, or NULL. */
static struct libscols_column *
find_spare(struct libscols_table *table, const struct print_column *columns,
    size_t count)
{
	struct libscols_column *best = NULL;
	unsigned most = 0;
	size_t at = 0, i;

	for (i = 0; i < count; i++) {
		if (columns[i].json_only)
			continue;
		if (columns[i].spare > most && is_shown(table, at)) {
			most = columns[i].spare;
			best = scols_table_get_column(table, at);
		}
		at++;
	}
	return best;
}

void
print_fit_columns(struct libscols_table *table,
    const struct print_column *columns, size_t count)
{
	size_t width = terminal_width();
	struct libscols_column *spare;

	while (width != 0 && width_without(table, columns, count,
	    PRINT_OBJECT) > width && (spare = find_spare(table, columns,
	    count)) != NULL)
		scols_column_set_flags(spare, SCOLS_FL_HIDDEN);
}

/* Ends of lines for the last spaces that lie within the room. */
static void
fold(char *text, size_t room)
{
	char *begin = text, *space = NULL, *p;

	for (p = text; *p != '\0'; p++) {
		if (*p == ' ')
			space = p;
		if (space == NULL || (size_t)(p - begin) < room)
			continue;
		*space = '\n';
		begin = space + 1;
		space = NULL;
	}
}

static pki_code
fold_cell(struct libscols_cell *cell, size_t room, pki_err *err)
{
	const char *text = scols_cell_get_data(cell);
	PKI_AUTO(pki_buf) folded = pki_buf_new();

	pki_buf_add_text(folded, text != NULL ? text : "");
	if (pki_buf_check(folded, err) != PKI_OK)
		return err->code;
	if (folded->len != 0)
		fold((char *)folded->data, room);
	return scols_cell_set_data(cell, pki_buf_text(folded)) == 0 ? PKI_OK :
	    pki_fail_memory(err);
}

static pki_code
fold_column(struct libscols_table *table, size_t at, size_t room, pki_err *err)
{
	struct libscols_column *column = scols_table_get_column(table, at);
	size_t lines = scols_table_get_nlines(table), i;
	pki_code rc = PKI_OK;

	scols_column_set_flags(column, SCOLS_FL_WRAP);
	scols_column_set_wrapfunc(column, scols_wrapnl_chunksize,
	    scols_wrapnl_nextchunk, NULL);
	if (scols_column_set_safechars(column, "\n") != 0)
		return pki_fail_memory(err);
	for (i = 0; i < lines && rc == PKI_OK; i++)
		rc = fold_cell(scols_line_get_cell(scols_table_get_line(table,
		    i), at), room, err);
	return rc;
}

pki_code
print_fit_objects(struct libscols_table *table,
    const struct print_column *columns, size_t count, pki_err *err)
{
	size_t width = terminal_width(), taken, at = 0, i;
	pki_code rc = PKI_OK;

	if (width == 0)
		return PKI_OK;
	taken = width_without(table, columns, count, PRINT_OBJECT);
	if (taken + LEAST_ROOM > width)
		return PKI_OK;
	for (i = 0; i < count && rc == PKI_OK; i++) {
		if (columns[i].json_only)
			continue;
		if (columns[i].kind == PRINT_OBJECT)
			rc = fold_column(table, at, width - taken, err);
		at++;
	}
	return rc;
}
