"""Writes grapheme-tables.ts: where the reference tokenizer parts graphemes, asked of itself.

    python3 -m venv venv && venv/bin/pip install tokenizers==0.23.3
    venv/bin/python engine/tokenizer/grapheme-tables.py TOKENIZER.json > engine/tokenizer/grapheme-tables.ts

Its Precompiled normalizer takes a grapheme of fewer than six bytes as a whole, by the first key of the table that the
grapheme begins with, and so drops what stands after it: that shows what belongs to one grapheme.
"""
import base64
import json
import sys

from tokenizers import normalizers

with open(sys.argv[1]) as file:
    charsmap = json.load(file)["normalizer"]["precompiled_charsmap"]
normalize = normalizers.Precompiled(base64.b64decode(charsmap)).normalize_str
CHARS = [chr(c) for c in range(1, 0x110000) if not 0xD800 <= c < 0xE000]


def joins(x):
    """Whether x belongs to the grapheme of what stands before it: then that is too long for e and an acute to meet."""
    return normalize("e\u0301\u0301" + x) == "e\u0301\u0301" + normalize(x)


def spaces(x):
    """Of those that join: whether a joiner after it joins no picture to the one before. U+2122 is a key."""
    return normalize("\U0001f44d" + x + "\u200d\u2122\u0301").endswith("TM")


def prepends(x):
    """Whether what follows x belongs to its grapheme: then e and an acute don't meet."""
    return normalize(x + "e\u0301") == normalize(x) + "e\u0301"


def parts(x):
    """Whether a mark after x is in another grapheme: one that begins with U+0344, a key, which drops the acute."""
    return normalize(x + "\u0344\u0301") == normalize(x) + "\u0308\u0301"


def ranges(chars):
    found = []
    for code in map(ord, chars):
        if found and code == found[-1][1] + 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return " ".join(f"{a:x}" if a == b else f"{a:x}-{b:x}" for a, b in found)


print("// Written by grapheme-tables.py: don't edit.\n")
print("/** Characters that belong to the grapheme before them. */")
print(f"export const JOINS =\n  '{ranges(x for x in CHARS if joins(x))}'\n")
print("/** Of these, those after which a joiner joins no picture to the one before. */")
print(f"export const SPACING =\n  '{ranges(x for x in CHARS if joins(x) and spaces(x))}'\n")
print("/** Characters whose grapheme takes in what follows. */")
print(f"export const PREPENDS =\n  '{ranges(x for x in CHARS if prepends(x))}'\n")
print("/** Characters whose grapheme ends with them. */")
print(f"export const PARTS =\n  '{ranges(x for x in CHARS if parts(x))}'")
