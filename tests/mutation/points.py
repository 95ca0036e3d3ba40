# SPDX-License-Identifier: ISC
"""Where a C file can be changed by a small bug, and by which.

Only bodies of functions are looked at. Comments, literals of text, directives of the preprocessor,
tables and the sizes of arrays stay as they are.
"""

import random
import re
from dataclasses import dataclass
from functools import cache

KINDS = ("operator", "constant", "call", "arguments")

TOKEN = re.compile(r"""
    (?P<skip>\s+|//[^\n]*|/\*.*?\*/)
  | (?P<directive>^[ \t]*\#(?:\\\n|[^\n])*)
  | (?P<literal>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
  | (?P<number>\d(?:[eEpP][+-]|[\w.])*)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<sign>\.\.\.|<<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)
""", re.X | re.S | re.M)

# What stands for each operator. The first group may also be signs of other things, such as of an
# address: then an operand has to come before.
BINARY_ONLY = {"+": "-", "-": "+", "&": "|", "*": "/"}
OPERATORS = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&",
    "|": "&", "^": "|", "/": "*", "%": "/", "<<": ">>", ">>": "<<", "+=": "-=", "-=": "+=",
    "*=": "/=", "|=": "&=", "&=": "|=", "<<=": ">>=", ">>=": "<<=", "++": "--", "--": "++",
    "!": "",
} | BINARY_ONLY

WORDS = {"true": "false", "false": "true"}
KEYWORDS = set("if else for while do switch case default return break continue goto sizeof".split())
TYPES = set("auto bool char const double enum float int long register short signed static struct "
            "union unsigned void volatile".split())
INTEGER = re.compile(r"(0[xX][0-9a-fA-F]+|\d+)([uUlL]*)$")

# Calls that come in pairs, or whose arguments are types.
NO_CALLS = re.compile(r"va_|sizeof|offsetof|container_of|list_")

# The fields of an event are found by their names, in whatever order they come.
FIELD = "F_"


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int

    @property
    def end(self):
        return self.start + len(self.text)


@dataclass(frozen=True)
class Point:
    """A bug: TEXT in place of what is between START and END."""

    kind: str
    start: int
    end: int
    text: str

    def apply(self, source):
        return source[:self.start] + self.text + source[self.end:]

    def line(self, source):
        return source.count("\n", 0, self.start) + 1


def tokens_of(source):
    found = (Token(match.lastgroup, match.group(), match.start())
             for match in TOKEN.finditer(source))
    return [token for token in found if token.kind not in ("skip", "directive")]


def bodies_of(tokens):
    """The tokens of each function's body, without its braces."""
    depth, first = 0, None
    for at, token in enumerate(tokens):
        if token.text == "{":
            if depth == 0:
                first = at + 1 if at and tokens[at - 1].text == ")" else None
            depth += 1
        elif token.text == "}":
            depth -= 1
            if depth == 0 and first is not None:
                yield tokens[first:at]


class Body:
    """A function's body; the methods yield its points."""

    def __init__(self, source, tokens):
        self.source, self.tokens = source, tokens

    def text_at(self, at):
        return self.tokens[at].text if 0 <= at < len(self.tokens) else ""

    def is_operand(self, at):
        """Whether what ends at this token can be the left side of an operator."""
        token = self.tokens[at] if at >= 0 else None
        return token is not None and (
            token.kind == "number" or token.text in (")", "]") or
            (token.kind == "word" and token.text not in KEYWORDS | TYPES))

    def statement(self, at):
        """The texts of the tokens before this one in its statement."""
        first = at
        while first > 0 and self.text_at(first - 1) not in (";", "{", "}"):
            first -= 1
        return [token.text for token in self.tokens[first:at]]

    def declares(self, at):
        """Whether this token is in a declaration, before any value."""
        before = self.statement(at)
        return bool(before) and before[0] in TYPES and "=" not in before

    def close(self, at):
        """The token that closes the parenthesis that is opened by this one."""
        depth = 0
        for end in range(at, len(self.tokens)):
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(self.text_at(end), 0)
            if depth == 0:
                return end
        return len(self.tokens) - 1

    def replace(self, kind, first, last, text):
        return Point(kind, self.tokens[first].start, self.tokens[last].end, text)

    def is_multiplication(self, at):
        """No pointer: a number beside it says so, or where it stands."""
        before = self.statement(at)
        near = (self.tokens[at - 1].kind, self.tokens[at + 1].kind)
        inside = before.count("(") > before.count(")") or "=" in before or "return" in before
        return "number" in near or (inside and self.text_at(at + 1) not in (")", ",", "*"))

    def operators(self):
        for at, token in enumerate(self.tokens):
            other = OPERATORS.get(token.text)
            if other is None or token.kind != "sign" or self.declares(at):
                continue
            if token.text in BINARY_ONLY and not self.is_operand(at - 1):
                continue
            if token.text == "*" and not self.is_multiplication(at):
                continue
            yield self.replace("operator", at, at, other)

    def constants(self):
        for at, token in enumerate(self.tokens):
            if token.kind == "word" and token.text in WORDS:
                yield self.replace("constant", at, at, WORDS[token.text])
            match = token.kind == "number" and INTEGER.match(token.text)
            if not match or (self.text_at(at - 1) == "[" and self.declares(at)):
                continue
            value = int(match[1], 8 if re.match(r"0\d", match[1]) else 0)
            for other in (value + 1, value - 1):
                if other >= 0:
                    form = hex(other) if match[1][:2].lower() == "0x" else str(other)
                    yield self.replace("constant", at, at, form + match[2])

    def calls(self):
        """Calls whose value nobody takes."""
        for at in range(len(self.tokens)):
            if self.tokens[at].kind != "word" or not self.begins_statement(at):
                continue
            callee = at
            while self.text_at(callee + 1) in ("->", ".") and callee + 2 < len(self.tokens):
                callee += 2
            if self.text_at(callee + 1) != "(" or self.is_no_call(callee):
                continue
            last = self.close(callee + 1)
            if self.text_at(last + 1) == ";":
                yield self.replace("call", at, last, "(void)0")

    def begins_statement(self, at):
        return at == 0 or self.text_at(at - 1) in (";", "{", "}", ")", "else", ":")

    def is_no_call(self, at):
        return self.text_at(at) in KEYWORDS | TYPES or NO_CALLS.match(self.text_at(at))

    def arguments(self):
        """Two neighbours change places."""
        for at, token in enumerate(self.tokens[:-1]):
            if token.kind != "word" or self.text_at(at + 1) != "(" or self.is_no_call(at):
                continue
            pieces = self.split(at + 1)
            for (a, b), (c, d) in zip(pieces, pieces[1:]):
                left, between, right = self.source[a:b], self.source[b:c], self.source[c:d]
                if left != right and not (left.startswith(FIELD) and right.startswith(FIELD)):
                    yield Point("arguments", a, d, right + between + left)

    def split(self, opening):
        """Where the arguments of a call begin and end in the source."""
        pieces, first, at, last = [], opening + 1, opening + 1, self.close(opening)
        while at <= last:
            if self.text_at(at) in ("(", "[", "{") and at < last:
                at = self.close(at)
            elif at == last or self.text_at(at) == ",":
                if at > first:
                    pieces.append((self.tokens[first].start, self.tokens[at - 1].end))
                first = at + 1
            at += 1
        return pieces

    def points(self):
        for found in (self.operators, self.constants, self.calls, self.arguments):
            yield from found()


@cache
def points_of(source):
    """All of a file, in order."""
    found = [point for body in bodies_of(tokens_of(source))
             for point in Body(source, body).points()]
    return sorted(found, key=lambda point: (point.start, point.end, point.text))


def draw(sources, seed):
    """Yields (path, point) for a dictionary of texts by path: each point once, in an order that the
    seed decides. The kinds take turns by chance, however many points each has."""
    chance = random.Random(seed)
    by_kind = {kind: [] for kind in KINDS}
    for path in sorted(sources):
        for point in points_of(sources[path]):
            by_kind[point.kind].append((path, point))
    for points in by_kind.values():
        chance.shuffle(points)
    while any(by_kind.values()):
        kind = chance.choice([kind for kind in KINDS if by_kind[kind]])
        yield by_kind[kind].pop()
