// SPDX-License-Identifier: ISC
#include "cli/opt.h"

#include "base/mem.h"
#include "base/nearest.h"
#include "base/value.h"
#include "base/wordlist.h"
#include "cli/habits.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CODE 256 // getopt codes: this plus the running number of the option
#define HELP_CODE 255

// An option together with the group that says where its value goes.
struct match {
	const struct opt *opt;
	const struct opt_group *group;
};

// One run of opt_parse().
struct parser {
	const struct cmd *cmd;
	char *config;
	struct str *err;
	size_t count;
	struct match *table; // by running number
	unsigned *given; // how often
	const char *taker; // the option that all words after it belong to
	bool is_letter; // so the option at hand was written
	const struct opt *implied; // the last one without the argument that it may have
	const char *follower; // what stands behind that
	struct option *longopts;
	struct str letters;
};

static void parser_init(struct parser *p)
{
	size_t n = 0;

	opt_for_each_group (g, p->cmd)
		opt_for_each (o, g)
			p->count++;
	p->table = xcalloc(p->count, sizeof(*p->table));
	p->given = xcalloc(p->count, sizeof(*p->given));
	p->longopts = xcalloc(p->count + 2, sizeof(*p->longopts));
	str_add(&p->letters, p->cmd->options_first ? "+:h" : ":h");

	opt_for_each_group (g, p->cmd) {
		opt_for_each (o, g) {
			int has_arg = !opt_takes_arg(o) ? no_argument
				      : o->is_optional  ? optional_argument
							: required_argument;

			p->table[n] = (struct match){o, g};
			p->longopts[n] =
				(struct option){o->name, has_arg, NULL, FIRST_CODE + (int)n};
			if (o->letter) {
				str_addc(&p->letters, o->letter);
				str_add_repeated(&p->letters, ':', (size_t)has_arg);
			}
			n++;
		}
	}
	p->longopts[n] = (struct option){"help", optional_argument, NULL, HELP_CODE};
}

static void parser_fini(struct parser *p)
{
	free(p->table);
	free(p->given);
	free(p->longopts);
	str_fini(&p->letters);
}

attr_printf(2, 3) static int fail(struct parser *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(p->err, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static void add_quoted(struct str *s, const char *word, size_t len)
{
	str_addc(s, '\'');
	str_add_word(s, word, len);
	str_addc(s, '\'');
}

// Other programs know some options by their letters alone.
static void add_option_name(struct parser *p, const struct opt *o)
{
	if (p->is_letter && p->cmd->translate)
		str_addf(p->err, "-%c", o->letter);
	else
		str_addf(p->err, "--%s", o->name);
}

// "--timeout: 'abc'"
static void add_argument(struct parser *p, const struct opt *o, const char *arg)
{
	add_option_name(p, o);
	str_add(p->err, ": ");
	add_quoted(p->err, arg, strlen(arg));
}

// NEAR is the name that was probably meant, or NULL.
static int fail_unknown(struct parser *p, const char *word, size_t len, const char *near)
{
	str_add(p->err, "no option ");
	add_quoted(p->err, word, len);
	if (habit_add_advice(p->err, p->cmd->name, word, len))
		return -EINVAL;
	if (near)
		return fail(p, "; did you mean '--%s'?", near);
	return fail(p, "; 'sockctl %s --help=all' lists them", p->cmd->name);
}

static int fail_unknown_long(struct parser *p, const char *word)
{
	size_t len = strcspn(word, "=");

	return fail_unknown(p, word, len, opt_nearest(p->cmd, word + 2, len - 2));
}

const char *opt_nearest(const struct cmd *cmd, const char *name, size_t len)
{
	struct nearest near;

	nearest_init(&near, name, len);
	opt_for_each_group (g, cmd)
		opt_for_each (o, g)
			nearest_offer(&near, o->name);
	nearest_offer(&near, "help");
	return near.best;
}

// The limit in the form in which the option is written.
static void add_limit(struct str *s, enum opt_type type, uint64_t v)
{
	if (type == OPT_OCTAL)
		str_addf(s, "0%" PRIo64, v);
	else if (type == OPT_DURATION && v % 1000 == 0)
		str_addf(s, "%" PRIu64 "s", v / 1000);
	else if (type == OPT_DURATION)
		str_addf(s, "%" PRIu64 "ms", v);
	else if (type == OPT_SIZE && v && v % (1 << 20) == 0)
		str_addf(s, "%" PRIu64 "M", v >> 20);
	else
		str_addf(s, "%" PRIu64, v);
}

static int fail_range(struct parser *p, const struct opt *o, const char *arg, bool too_large)
{
	add_argument(p, o, arg);
	if (o->max) {
		str_add(p->err, " is out of range: ");
		add_limit(p->err, o->type, o->min);
		str_add(p->err, " to ");
		add_limit(p->err, o->type, o->max);
	} else if (too_large) {
		str_add(p->err, " is too large");
	} else {
		str_add(p->err, " is out of range: at least ");
		add_limit(p->err, o->type, o->min);
	}
	return -EINVAL;
}

static const char *form_of(enum opt_type type)
{
	switch (type) {
	case OPT_UINT:
		return "a whole number";
	case OPT_OCTAL:
		return "an octal number such as 0660";
	case OPT_SIZE:
		return "a size such as 512, 64k, 1M or 2G";
	case OPT_DURATION:
		return "a time such as 5, 0.5, 500ms or 2m";
	default:
		return "a word";
	}
}

static int store_number(struct parser *p, const struct opt *o, const char *arg, uint64_t *field)
{
	uint64_t v = 0;
	int r;

	if (o->type == OPT_DURATION)
		r = parse_duration(arg, &v);
	else if (o->type == OPT_SIZE)
		r = parse_size(arg, &v);
	else if (o->type == OPT_OCTAL)
		r = parse_octal(arg, &v);
	else
		r = parse_uint(arg, &v);

	if (r == -EINVAL) {
		add_argument(p, o, arg);
		return fail(p, " is not %s", form_of(o->type));
	}
	if (r == -EDOM) {
		add_argument(p, o, arg);
		return fail(p, " is less than 1ms, the shortest time");
	}
	if (r < 0 || v < o->min || (o->max && v > o->max))
		return fail_range(p, o, arg, r == -ERANGE);
	*field = v;
	return 0;
}

static int store_choice(struct parser *p, const struct opt *o, const char *arg, int *field)
{
	int i = 0;

	for_each_word (choice, o->choices) {
		if (word_is(choice, arg)) {
			*field = i;
			return 0;
		}
		i++;
	}
	add_argument(p, o, arg);
	str_add(p->err, " is none of");
	for_each_word (choice, o->choices) {
		str_add(p->err, choice == o->choices ? " " : ", ");
		str_add_first_word(p->err, choice);
	}
	return -EINVAL;
}

static int store(struct parser *p, struct match m, const char *arg)
{
	void *field = p->config + m.group->base + m.opt->offset;

	switch (m.opt->type) {
	case OPT_FLAG:
		*(bool *)field = true;
		return 0;
	case OPT_COUNT:
		++*(unsigned *)field;
		return 0;
	case OPT_STRING:
		*(const char **)field = arg;
		return 0;
	case OPT_LIST:
		strlist_add(field, arg);
		return 0;
	case OPT_UINT:
	case OPT_OCTAL:
	case OPT_SIZE:
	case OPT_DURATION:
		return store_number(p, m.opt, arg, field);
	case OPT_CHOICE:
		return store_choice(p, m.opt, arg, field);
	case OPT_COMMAND:
		strlist_add(field, arg);
		return 0;
	}
	return -EINVAL;
}

// The rest of the words belong to the option, too.
static void store_rest(struct parser *p, struct match m, int count, char **words)
{
	struct strlist *list = (void *)(p->config + m.group->base + m.opt->offset);

	for (int i = 0; i < count; i++)
		strlist_add(list, words[i]);
	strlist_add(list, NULL);
	list->count--;
}

// Moves the operands, which end at END, behind what follows them up to COUNT.
static void put_last(char **argv, int *first, int end, int count)
{
	int operands = end - *first;
	char **words = xmalloc((size_t)operands * sizeof(*words));

	memcpy(words, argv + *first, (size_t)operands * sizeof(*words));
	memmove(argv + *first, argv + end, (size_t)(count - end) * sizeof(*words));
	*first = count - operands;
	memcpy(argv + *first, words, (size_t)operands * sizeof(*words));
	free(words);
}

// getopt_long() takes any unambiguous beginning of a name. Scripts that lean on that break when a
// name is added, so only whole names count here.
static bool is_abbreviated(const char *word, const char *name)
{
	size_t len = strlen(name);

	return strncmp(word, "--", 2) == 0 &&
	       (strncmp(word + 2, name, len) != 0 || (word[2 + len] && word[2 + len] != '='));
}

static struct match match_code(const struct parser *p, int code)
{
	if (code >= FIRST_CODE)
		return p->table[code - FIRST_CODE];
	for (size_t i = 0; i < p->count; i++)
		if (p->table[i].opt->letter == code)
			return p->table[i];
	abort(); // getopt_long() tells codes of the table only
}

// The name of the long option that getopt_long() took a word for, or NULL for letters.
static const char *long_name(const struct parser *p, int code)
{
	if (code == HELP_CODE)
		return "help";
	return code >= FIRST_CODE ? match_code(p, code).opt->name : NULL;
}

static int fail_missing_arg(struct parser *p, int code)
{
	struct match m = match_code(p, code);

	add_option_name(p, m.opt);
	return fail(p, " needs %s", m.opt->arg);
}

static int fail_getopt(struct parser *p, char **argv)
{
	const char *word = argv[optind - 1];

	if (optopt >= FIRST_CODE) {
		add_option_name(p, match_code(p, optopt).opt);
		return fail(p, " takes no argument");
	}
	if (optopt && !habit_find(p->cmd->name, (char[]){'-', (char)optopt, '\0'}, 2) &&
		opt_refuse_number(p->cmd, argv, p->err))
		return -EINVAL;
	if (optopt)
		return fail_unknown(p, (char[]){'-', (char)optopt, '\0'}, 2, NULL);
	return fail_unknown_long(p, word);
}

// Of too many words, one may have been meant for an option: "--watch 5".
static bool has_argument_without_equals(const struct parser *p, int argc, char **argv)
{
	bool is_operand = false;

	for (int i = 0; p->follower && i < argc; i++)
		is_operand |= argv[i] == p->follower;
	return is_operand && p->cmd->max_operands >= 0 && argc > p->cmd->max_operands;
}

static int check_operands(struct parser *p, int argc, char **argv)
{
	if (has_argument_without_equals(p, argc, argv)) {
		add_quoted(p->err, p->follower, strlen(p->follower));
		return fail(p, ": the argument of --%s follows '=': --%s=%s", p->implied->name,
			p->implied->name, p->implied->arg);
	}
	if (habit_refuses(p->err, p->cmd->name, argc, argv))
		return -EINVAL;
	if (argc < p->cmd->min_operands && p->taker)
		return fail(p, "expected %s before --%s, which all words after it belong to",
			p->cmd->operands, p->taker);
	if (argc < p->cmd->min_operands)
		return fail(p, "expected %s; 'sockctl %s --help' explains", p->cmd->operands,
			p->cmd->name);
	if (p->cmd->max_operands >= 0 && argc > p->cmd->max_operands) {
		const char *extra = argv[p->cmd->max_operands];

		str_add(p->err, "one word too many: ");
		add_quoted(p->err, extra, strlen(extra));
		if (extra[0] == '-' && extra[1])
			str_add(p->err, "; options are written before '--'");
		else if (p->cmd->operands)
			str_addf(p->err, "; expected %s", p->cmd->operands);
		else
			str_addf(p->err, "; 'sockctl %s --help' explains", p->cmd->name);
		return -EINVAL;
	}
	return 0;
}

// Returns 0 when all options are stored, 1 if --help was among them, or -EINVAL.
static int parse_options(struct parser *p, int argc, char **argv)
{
	int count = argc;
	int code;

	optind = 0; // glibc: start afresh
	opterr = 0;
	while ((code = getopt_long(argc, argv, str_c(&p->letters), p->longopts, NULL)) != -1) {
		bool is_fault = code == '?' || code == ':';
		const char *name = long_name(p, is_fault ? optopt : code);
		// With a separate argument the word of the option stands one further back.
		const char *word = argv[optind - 1] == optarg ? argv[optind - 2] : argv[optind - 1];

		if (name && is_abbreviated(word, name))
			return fail_unknown_long(p, word);
		p->is_letter = (is_fault ? optopt : code) < HELP_CODE;
		if (code == '?')
			return fail_getopt(p, argv);
		if (code == ':')
			return fail_missing_arg(p, optopt);
		if (code == HELP_CODE || code == 'h') {
			str_add(p->err, optarg ? optarg : "");
			return 1;
		}

		struct match m = match_code(p, code);
		int r = *m.opt->instead ? opt_refuse(m.opt, word, p->err)
					: store(p, m, optarg ? optarg : m.opt->implied);

		if (r < 0)
			return r;
		if (m.opt->is_optional && !optarg) {
			p->implied = m.opt;
			p->follower = argv[optind];
		}
		if (*m.opt->sets)
			opt_drop_settings(p->cmd, p->config, m.opt);
		for (size_t i = 0; i < p->count; i++)
			p->given[i] += p->table[i].opt == m.opt;
		if (m.opt->type == OPT_COMMAND) {
			store_rest(p, m, argc - optind, argv + optind);
			p->taker = m.opt->name;
			argc = optind;
		}
	}
	put_last(argv, &optind, argc, count);
	return 0;
}

enum opt_result opt_parse(
	const struct cmd *cmd, void *config, int argc, char **argv, int *first, struct str *err)
{
	struct parser p = {.cmd = cmd, .config = config, .err = err};

	if (cmd->defaults)
		memcpy(config, cmd->defaults, cmd->config_size);
	else
		memset(config, 0, cmd->config_size);

	parser_init(&p);
	int r = parse_options(&p, argc, argv);
	*first = optind;
	if (r == 0)
		r = opt_check_given(cmd, p.given, err);
	if (r == 0)
		r = check_operands(&p, argc - *first, argv + *first);
	parser_fini(&p);
	return r < 0 ? OPT_BAD : r > 0 ? OPT_HELP : OPT_RUN;
}

int opt_check(
	const struct cmd *cmd, void *config, int argc, char **argv, int first, struct str *err)
{
	return cmd->check ? cmd->check(config, argc - first, argv + first, err) : 0;
}

void opt_fini(const struct cmd *cmd, void *config)
{
	if (cmd->fini)
		cmd->fini(config);
	opt_for_each_group (g, cmd) {
		opt_for_each (o, g) {
			void *field = (char *)config + g->base + o->offset;

			if (o->type == OPT_LIST || o->type == OPT_COMMAND)
				strlist_fini(field);
		}
	}
}
