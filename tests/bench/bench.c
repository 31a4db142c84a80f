/*
 * bench [--quick] [--gate] [--only SUITE] [--json FILE] [--svg FILE]
 *       --templates DIR --pki-ctl FILE [--pki-estd FILE] [--slow-sync FILE]
 *
 * Runs the suites, prints a line for each claim, writes all of them as JSON
 * and the rate against the store's size as a plot.  Exit 0, with --gate 1
 * when a claim falls short.
 */
#include "tests/bench/bench.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct suite {
	const char *name;
	void      (*run)(const bench_options *options);
} suites[] = {
	{ "issue", bench_issue },
	{ "durable", bench_durable },
	{ "store", bench_store },
	{ "crl", bench_crl },
	{ "command", bench_command },
	{ "est", bench_est },
};

struct point {
	double certificates, per_second, p99_ms;
};

static json_t *claims;
static struct point points[64];
static size_t point_count;
static bool short_of_target;

void
bench_fail(const char *what, const pki_err *err)
{
	fprintf(stderr, "bench: %s: %s\n", what, err == NULL ? "" : err->msg);
	exit(2);
}

double
bench_wall(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double
bench_cpu(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double
bench_median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), by_value);
	return bench_quantile(values, count, 0.5);
}

double
bench_quantile(const double *sorted, size_t count, double part)
{
	size_t i = (size_t)((double)count * part);

	return count == 0 ? 0 : sorted[i < count ? i : count - 1];
}

void
bench_report(const bench_claim *claim)
{
	double ratio = claim->ours / claim->yardstick;
	bool fits = claim->target <= 0 || (claim->better == BENCH_AT_LEAST ?
	    ratio >= claim->target : ratio <= claim->target);
	const char *verdict = claim->target <= 0 ? "-" :
	    fits ? "PASS" : "FALLS SHORT";

	printf("%-46.46s %10.4g %10.4g %-6s %8.3f %s %-6.4g %-11s %s\n",
	    claim->name, claim->ours, claim->yardstick, claim->unit, ratio,
	    claim->better == BENCH_AT_LEAST ? ">=" : "<=", claim->target,
	    verdict, claim->note == NULL ? "" : claim->note);
	fflush(stdout);
	short_of_target |= !fits;
	json_array_append_new(claims, json_pack(
	    "{s:s, s:s, s:f, s:f, s:f, s:s, s:f, s:s, s:s}",
	    "claim", claim->name, "unit", claim->unit, "ours", claim->ours,
	    "yardstick", claim->yardstick, "ratio", ratio, "wants",
	    claim->better == BENCH_AT_LEAST ? ">=" : "<=", "target",
	    claim->target, "result", verdict, "note",
	    claim->note == NULL ? "" : claim->note));
}

void
bench_report_missing(const char *name, const char *why)
{
	printf("%-46.46s %54s %s\n", name, "NOT MEASURED", why);
	fflush(stdout);
	json_array_append_new(claims, json_pack("{s:s, s:s, s:s}", "claim",
	    name, "result", "NOT MEASURED", "note", why));
}

void
bench_point(double certificates, double per_second, double p99_ms)
{
	if (point_count < PKI_COUNT(points))
		points[point_count++] = (struct point){
			certificates, per_second, p99_ms,
		};
}

/* One curve of the plot, scaled to its own greatest value. */
static void
draw_curve(FILE *out, size_t offset, const char *colour, const char *label,
    int row)
{
	double top = 0, right = 1;
	size_t i;

	for (i = 0; i < point_count; i++) {
		double y = *(double *)((char *)&points[i] + offset);

		top = y > top ? y : top;
		right = points[i].certificates > right ?
		    points[i].certificates : right;
	}
	fprintf(out, "<polyline fill='none' stroke='%s' stroke-width='2' "
	    "points='", colour);
	for (i = 0; i < point_count; i++)
		fprintf(out, "%.1f,%.1f ",
		    60 + 560 * points[i].certificates / right,
		    340 - 280 * *(double *)((char *)&points[i] + offset) /
		    (top > 0 ? top : 1));
	fprintf(out, "'/>\n<text x='70' y='%d' fill='%s'>%s, top %.4g</text>\n",
	    20 + 18 * row, colour, label, top);
}

static void
write_plot(const char *path)
{
	FILE *out = fopen(path, "w");

	if (out == NULL)
		bench_fail(path, NULL);
	fprintf(out, "<svg xmlns='http://www.w3.org/2000/svg' width='640' "
	    "height='400' font-family='sans-serif' font-size='13'>\n"
	    "<rect width='640' height='400' fill='white'/>\n"
	    "<path d='M60 60V340H620' fill='none' stroke='black'/>\n"
	    "<text x='250' y='375'>certificates in the store</text>\n");
	draw_curve(out, offsetof(struct point, per_second), "#0057b7",
	    "issued per second, durable", 0);
	draw_curve(out, offsetof(struct point, p99_ms), "#b72d00",
	    "latency p99, ms", 1);
	if (point_count > 0)
		fprintf(out, "<text x='540' y='358'>%.3g</text>\n",
		    points[point_count - 1].certificates);
	fprintf(out, "</svg>\n");
	if (fclose(out) != 0)
		bench_fail(path, NULL);
}

static void
run_suites(const bench_options *options, const char *only)
{
	size_t i;

	printf("%-46s %10s %10s %-6s %8s    %-6s %s\n", "CLAIM", "OURS",
	    "YARDSTICK", "UNIT", "RATIO", "TARGET", "RESULT");
	for (i = 0; i < PKI_COUNT(suites); i++)
		if (only == NULL || strcmp(only, suites[i].name) == 0)
			suites[i].run(options);
}

int
main(int argc, char **argv)
{
	static const struct option names[] = {
		{ "quick", no_argument, NULL, 'q' },
		{ "gate", no_argument, NULL, 'g' },
		{ "only", required_argument, NULL, 'o' },
		{ "json", required_argument, NULL, 'j' },
		{ "svg", required_argument, NULL, 's' },
		{ "templates", required_argument, NULL, 't' },
		{ "pki-ctl", required_argument, NULL, 'p' },
		{ "pki-estd", required_argument, NULL, 'e' },
		{ "slow-sync", required_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	char dir[] = "/tmp/pki-bench.XXXXXX", remove[64];
	const char *only = NULL, *json = NULL, *svg = NULL;
	bench_options options = { .work_dir = dir };
	bool gate = false;
	int c;

	if (argc == 4 && strcmp(argv[1], "--child") == 0)
		return bench_child(argv[2], argv[3]);
	if (argc == 3 && strcmp(argv[1], "--publish") == 0)
		return bench_publish(argv[2]);
	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (c) {
		case 'q': options.quick = true; break;
		case 'g': gate = true; break;
		case 'o': only = optarg; break;
		case 'j': json = optarg; break;
		case 's': svg = optarg; break;
		case 't': options.templates_dir = optarg; break;
		case 'p': options.pki_ctl = optarg; break;
		case 'e': options.pki_estd = optarg; break;
		case 'f': options.slow_sync = optarg; break;
		default: return 2;
		}
	}
	if (options.templates_dir == NULL || mkdtemp(dir) == NULL)
		bench_fail("needs --templates and a writable /tmp", NULL);
	claims = json_array();
	run_suites(&options, only);
	if (json != NULL &&
	    json_dump_file(claims, json, JSON_INDENT(1)) != 0)
		bench_fail(json, NULL);
	if (svg != NULL)
		write_plot(svg);
	json_decref(claims);
	snprintf(remove, sizeof(remove), "rm -rf '%s'", dir);
	if (system(remove) != 0)
		bench_fail(remove, NULL);
	return gate && short_of_target ? 1 : 0;
}
