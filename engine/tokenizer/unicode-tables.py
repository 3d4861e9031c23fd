"""Writes unicode-tables.ts: what the reference tokenizer knows of Unicode, asked of itself.

    python3 -m venv venv && venv/bin/pip install tokenizers==0.23.3
    venv/bin/python engine/tokenizer/unicode-tables.py > engine/tokenizer/unicode-tables.ts
"""
import unicodedata
from importlib.metadata import version

from tokenizers import Regex, normalizers, pre_tokenizers

CHARS = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
nfc = normalizers.NFC().normalize_str
lower = normalizers.Lowercase().normalize_str


def of_class(pattern):
    split = pre_tokenizers.Split(Regex(pattern), "removed", invert=True)
    return [x for x in CHARS if split.pre_tokenize_str(x)]


def composing():
    """All that NFC changes, moves, or joins with a neighbour."""
    found = {x for x in CHARS if nfc(x) != x}
    # Marks move: over one of the lowest combining class (1), or under one of the highest (240).
    found |= {x for x in CHARS if nfc(x + "\u0334") != x + "\u0334" or nfc("\u0345" + x) != "\u0345" + x}
    found |= {"\u0334", "\u0345"}
    for x in CHARS:
        parts = unicodedata.decomposition(x)
        if parts and not parts.startswith("<"):
            pair = "".join(chr(int(part, 16)) for part in parts.split())
            if nfc(pair) != pair:
                found |= {x, *pair}
    # Hangul composes by arithmetic: leading consonants, vowels, trailing consonants, syllables.
    for first, last in ((0x1100, 0x1112), (0x1161, 0x1175), (0x11A8, 0x11C2), (0xAC00, 0xD7A3)):
        found |= set(map(chr, range(first, last + 1)))
    return sorted(found)


def runs(codes, steps):
    """[first, last, step] of sorted code points."""
    out = []
    for code in codes:
        if out:
            first, last, step = out[-1]
            if (code - last == step) or (first == last and code - last in steps):
                out[-1] = [first, code, code - last]
                continue
        out.append([code, code, 0])
    return out


def span(first, last):
    return f"{first:x}" if first == last else f"{first:x}-{last:x}"


def ranges(chars):
    return " ".join(span(first, last) for first, last, _ in runs(map(ord, chars), {1}))


def lowercase():
    """`first-last/step:+distance`; distances and code points in hexadecimal."""
    by_distance = {}
    for x in CHARS:
        if lower(x) != x and len(lower(x)) == 1:
            by_distance.setdefault(ord(lower(x)) - ord(x), []).append(ord(x))
    rows = [
        (first, f"{span(first, last)}{'/2' if step == 2 else ''}:{'+' if distance > 0 else '-'}{abs(distance):x}")
        for distance, codes in by_distance.items()
        for first, last, step in runs(codes, {1, 2})
    ]
    return " ".join(text for _, text in sorted(rows))


def longer():
    return " ".join(
        f"{ord(x):x}={'.'.join(f'{ord(y):x}' for y in lower(x))}" for x in CHARS if len(lower(x)) != 1
    )


print(f"""// Made by unicode-tables.py from the Python package tokenizers {version("tokenizers")}. Code points in hexadecimal.

/** `\\p{{L}}` of its regular expressions. */
export const LETTERS =
  '{ranges(of_class(chr(92) + "p{L}"))}'

/** `\\p{{N}}` of its regular expressions. */
export const NUMBERS =
  '{ranges(of_class(chr(92) + "p{N}"))}'

/** What its NFC changes, moves, or joins with a neighbour. */
export const COMPOSING =
  '{ranges(composing())}'

/** `first-last/step:+distance`: what becomes another character in lower case. */
export const LOWERCASE =
  '{lowercase()}'

/** `character=characters`: what becomes several in lower case. */
export const LOWERCASE_LONGER =
  '{longer()}'""")
