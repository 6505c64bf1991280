# SPDX-License-Identifier: MIT
"""Many requests of all sizes, a window of them outstanding."""
WINDOW = 32


def sweep(wire, sizes, request, size_of, seconds=20.0):
    """Sends request(size) for every size; returns {size: answer}. size_of(packet) is the size that the packet answers,
    or None. Fails when an answer stays away."""
    sizes, answers = list(sizes), {}
    mark = wire.mark()
    for start in range(0, len(sizes), WINDOW):
        batch = sizes[start:start + WINDOW]
        wire.send(*map(request, batch))
        wanted = set(batch)

        def note(p):
            size = size_of(p)
            if size is not None:
                answers[size] = p
                wanted.discard(size)
            return not wanted

        assert wire.try_wait(note, mark, seconds) is not None, f"no answer of size {sorted(wanted)}"
        mark = wire.mark()
    return answers
