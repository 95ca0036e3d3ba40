# SPDX-License-Identifier: ISC
"""That tests/mutants finds the places for bugs, and draws the same ones for the same seed.

Usage: check.py SOURCE_ROOT
"""

import sys
from collections import Counter
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from points import KINDS, draw, points_of, tokens_of  # noqa: E402

TEXT = r'''
#define MOST(a, b) ((a) > (b) ? 1 : 0) // a + b
static const int table[] = {1, 2, 3};

// Nothing here: f(1, 2) && !x
static char *name(struct thing *t, int count)
{
	char room[64] = "a < b, 3";
	int sum = count * 2 + t->n;

	if (count >= 10 && !t->is_done)
		close_it(&t->fd, sum);
	log_it("%d", sum);
	t->is_done = true;
	return room[0] == '0' ? NULL : &t->name[-1];
}
'''

WANTED = {
    ("operator", 9, "*", "/"), ("operator", 9, "+", "-"), ("operator", 11, ">=", ">"),
    ("operator", 11, "&&", "||"), ("operator", 11, "!", ""), ("operator", 15, "==", "!="),
    ("constant", 9, "2", "3"), ("constant", 9, "2", "1"), ("constant", 11, "10", "11"),
    ("constant", 11, "10", "9"), ("constant", 14, "true", "false"), ("constant", 15, "0", "1"),
    ("constant", 15, "1", "2"), ("constant", 15, "1", "0"),
    ("call", 12, "close_it(&t->fd, sum)", "(void)0"), ("call", 13, 'log_it("%d", sum)', "(void)0"),
    ("arguments", 12, "&t->fd, sum", "sum, &t->fd"), ("arguments", 13, '"%d", sum', 'sum, "%d"'),
}


def describe(source, point):
    return point.kind, point.line(source), source[point.start:point.end], point.text


def check_places():
    found = {describe(TEXT, point) for point in points_of(TEXT)}
    assert found == WANTED, found ^ WANTED


def check_texts():
    """A bug is in one place, and the rest of the text stays as it is."""
    for point in points_of(TEXT):
        mutant = point.apply(TEXT)
        assert mutant != TEXT
        assert mutant.startswith(TEXT[:point.start]) and mutant.endswith(TEXT[point.end:])


def check_draw(sources):
    assert len(list(draw({"a.c": TEXT}, 1))) == len(WANTED)
    first, again, other = ([*islice(draw(sources, seed), 200)] for seed in (1, 1, 2))
    assert first == again and first != other
    assert len(set(first)) == 200
    shares = Counter(point.kind for _, point in first)
    assert all(shares[kind] > 20 for kind in KINDS), shares


def check_sources(sources):
    """Of the program itself: every file can be read, and its parentheses stay in pairs."""
    total = 0
    for path, source in sources.items():
        for point in points_of(source):
            texts = Counter(token.text for token in tokens_of(point.text))
            assert all(texts[a] == texts[b] for a, b in ("()", "[]", "{}")), (path, point)
            total += 1
    assert total > 1000, total
    return total


def main():
    root = Path(sys.argv[1])
    sources = {str(path.relative_to(root)): path.read_text()
               for path in sorted((root / "src").rglob("*.c"))}
    check_places()
    check_texts()
    check_draw(sources)
    print(f"{check_sources(sources)} places for bugs")


main()
