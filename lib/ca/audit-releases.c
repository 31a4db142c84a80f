#include "ca/audit-releases.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "ca/record.h"

struct release {
	pki_serial serial;
	int64_t    at;
};

struct pki_releases {
	struct release *items;
	size_t          count, room;
};

void
pki_releases_free(pki_releases *releases)
{
	if (releases == NULL)
		return;
	free(releases->items);
	free(releases);
}

static pki_code
add(pki_releases *releases, const struct release *release, pki_err *err)
{
	size_t room = releases->room == 0 ? 16 : 2 * releases->room;
	struct release *more;

	if (releases->count == releases->room) {
		more = realloc(releases->items, room * sizeof(*more));
		if (more == NULL)
			return pki_fail_memory(err);
		releases->items = more;
		releases->room = room;
	}
	releases->items[releases->count++] = *release;
	return PKI_OK;
}

struct reading {
	const char   *ca_name;
	pki_releases *releases;
};

static pki_code
read_row(const pki_audit_row *row, void *arg, pki_err *err)
{
	const struct reading *reading = arg;
	const char *action = NULL, *ca = NULL, *serial = NULL;
	struct release release = { .at = row->at };
	json_t *line;
	pki_code rc = PKI_OK;

	/* Most rows are not, and need not be parsed to be seen not to be. */
	if (strstr(row->line, "\"" PKI_AUDIT_RELEASE "\"") == NULL)
		return PKI_OK;
	line = json_loads(row->line, JSON_REJECT_DUPLICATES, NULL);
	if (json_unpack(line, "{s:s, s:s, s:s}", "action", &action, "ca", &ca,
	    "serial", &serial) == 0 && strcmp(action, PKI_AUDIT_RELEASE) == 0 &&
	    strcmp(ca, reading->ca_name) == 0 &&
	    pki_serial_parse(serial, &release.serial, NULL) == PKI_OK)
		rc = add(reading->releases, &release, err);
	json_decref(line);
	return rc;
}

static int
compare(const void *a, const void *b)
{
	const struct release *left = a, *right = b;
	int order = pki_serial_compare(&left->serial, &right->serial);

	if (order != 0)
		return order;
	return left->at < right->at ? -1 : left->at > right->at;
}

static pki_code
note_time(const pki_audit_row *row, void *arg, pki_err *err)
{
	int64_t *at = arg;

	(void)err;
	*at = row->at;
	/* One is enough; the code only ends the walk. */
	return PKI_PENDING;
}

/*
 * The first row that may be as young as since.  The clock of a log goes
 * forward, but for the slack that is looked at besides.
 */
static pki_code
find_first(pki_ca *ca, int64_t since, int64_t *out, pki_err *err)
{
	pki_audit_tree tree;
	int64_t low = 0, high;
	pki_code rc = pki_store_get_audit_tree(ca->store, &tree, err);

	high = rc == PKI_OK ? tree.size : 0;
	while (rc == PKI_OK && low < high) {
		int64_t middle = low + (high - low) / 2, at = since;

		rc = pki_store_each_audit(ca->store, middle, note_time, &at,
		    err);
		if (rc == PKI_PENDING)
			rc = PKI_OK;
		if (at < since)
			low = middle + 1;
		else
			high = middle;
	}
	*out = low;
	return rc;
}

pki_code
pki_releases_read(pki_ca *ca, const char *ca_name, int64_t since,
    pki_releases **out, pki_err *err)
{
	PKI_AUTO(pki_releases) releases = calloc(1, sizeof(*releases));
	struct reading reading = { ca_name, releases };
	int64_t first;
	pki_code rc;

	if (releases == NULL)
		return pki_fail_memory(err);
	rc = find_first(ca, since - PKI_FLOOR_SLACK, &first, err);
	if (rc == PKI_OK)
		rc = pki_store_each_audit(ca->store, first, read_row, &reading,
		    err);
	if (rc != PKI_OK)
		return rc;
	if (releases->count > 0)
		qsort(releases->items, releases->count,
		    sizeof(*releases->items), compare);
	*out = PKI_TAKE(releases);
	return PKI_OK;
}

bool
pki_releases_have(const pki_releases *releases, const pki_serial *serial,
    int64_t since)
{
	const struct release wanted = { *serial, since };
	size_t low = 0, high = releases->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&releases->items[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < releases->count &&
	    pki_serial_equal(&releases->items[low].serial, serial);
}
