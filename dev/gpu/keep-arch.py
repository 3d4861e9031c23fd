"""Zeroes the machine code of every GPU architecture but those kept in a CUDA library; offsets stay.

    python keep-arch.py IN OUT 90 [ARCH…]

The file then compresses to a fraction. The CUDA runtime picks its code by headers, which stay, so it runs unchanged
on the cards that are kept, and on no others.
"""
import struct
import sys

source, target, keep = sys.argv[1], sys.argv[2], {int(arch) for arch in sys.argv[3:]}
with open(source, "rb") as file:
    data = bytearray(file.read())
(sections_at,) = struct.unpack_from("<Q", data, 0x28)
entry_size, count, names_index = struct.unpack_from("<HHH", data, 0x3A)
sections = [struct.unpack_from("<IIQQQQIIQQ", data, sections_at + i * entry_size) for i in range(count)]
names_at = sections[names_index][4]


def name_of(section):
    start = names_at + section[0]
    return bytes(data[start:data.index(b"\0", start)]).decode()


code = next(section for section in sections if name_of(section) == ".nv_fatbin")
MAGIC = 0xBA55ED50
at, end_of_code = code[4], code[4] + code[5]
while at < end_of_code:
    magic, _, header, size = struct.unpack_from("<IHHQ", data, at)
    if magic != MAGIC:
        at += 8
        continue
    entry, end = at + header, at + header + size
    while entry < end:
        kind, _, entry_header, entry_bytes = struct.unpack_from("<HHIQ", data, entry)
        (arch,) = struct.unpack_from("<I", data, entry + 28)
        # Kind 2 is machine code, 1 is PTX.
        if not (kind == 2 and arch in keep):
            body = entry + entry_header
            data[body:body + entry_bytes] = bytes(entry_bytes)
        entry += entry_header + entry_bytes
    at = end
with open(target, "wb") as file:
    file.write(data)
