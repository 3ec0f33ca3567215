"""An independent reader of TensorBoard's event files: TFRecords with their sums, protobuf's wire format, nothing else.

It refuses whatever a strict reader would: wrong sums, torn records, a first record that is no file version.
"""

import struct


def crc32c(data):
    """Bit by bit, from the definition: polynomial 0x1EDC6F41, reflected."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def masked(data):
    value = crc32c(data)
    return (((value >> 15) | (value << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def records(data):
    at = 0
    while at < len(data):
        length, length_sum = struct.unpack_from("<QI", data, at)
        assert masked(data[at:at + 8]) == length_sum, f"the sum of the length at byte {at}"
        body = data[at + 12:at + 12 + length]
        (body_sum,) = struct.unpack_from("<I", data, at + 12 + length)
        assert masked(body) == body_sum, f"the sum of the record at byte {at}"
        yield body
        at += 16 + length


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at


def fields(data):
    """[(number, value)] of a message: ints, 8-byte or 4-byte strings for fixed widths, strings for the rest."""
    found, at = [], 0
    while at < len(data):
        key, at = varint(data, at)
        wire = key & 7
        if wire == 0:
            value, at = varint(data, at)
        else:
            size = {1: 8, 5: 4}.get(wire)
            if size is None:
                assert wire == 2, f"wire type {wire}"
                size, at = varint(data, at)
            value, at = data[at:at + size], at + size
            assert len(value) == size, "a field that ends too soon"
        found.append((key >> 3, value))
    return found


def events(path):
    """[(step, wall time, {tag: number}, {tag: (height, width, channels, encoded)})], after the file version."""
    found = []
    with open(path, "rb") as file:
        bodies = [dict(fields(body)) for body in records(file.read())]
    assert bodies[0][3] == b"brain.Event:2", bodies[0]
    for body in bodies[1:]:
        scalars, images = {}, {}
        step = body.get(2, 0)
        if 7 in body:  # a session that starts: from its step on all before is void
            assert dict(fields(body[7])) == {1: 1}, body
            found = [event for event in found if event[0] < step]
            continue
        for number, value in fields(body[5]):
            assert number == 1
            value = dict(fields(value))
            tag = value[1].decode()
            if 2 in value:
                (scalars[tag],) = struct.unpack("<f", value[2])
            if 4 in value:
                image = dict(fields(value[4]))
                images[tag] = (image[1], image[2], image[3], image[4])
        found.append((step, struct.unpack("<d", body[1])[0], scalars, images))
    return found


def values(found):
    """{(step, tag): number or picture} of all events, the latest where there are several."""
    return {(step, tag): value for step, _, scalars, images in found for tag, value in {**scalars, **images}.items()}


def record(body):
    """A TFRecord, written as records() reads it."""
    length = struct.pack("<Q", len(body))
    return length + struct.pack("<I", masked(length)) + body + struct.pack("<I", masked(body))


def bytes_field(number, data):
    assert len(data) < 128
    return bytes((number << 3 | 2, len(data))) + data


def scalar_event(step, tag, number):
    value = bytes_field(1, tag.encode()) + b"\x15" + struct.pack("<f", number)
    assert step < 128
    return b"\x09" + struct.pack("<d", 1000.0) + bytes((2 << 3, step)) + bytes_field(5, bytes_field(1, value))
