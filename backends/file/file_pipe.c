/* SPDX-License-Identifier: MIT */
#include "backends/file/file_pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "backends/file/file_private.h"

#define HEAD_BYTES 12

int
rondo__file_pipe_wait(int fd)
{
    struct pollfd descriptor = {.fd = fd, .events = POLLIN};
    int ready = 0;

    do
        ready = poll(&descriptor, 1, RONDO__FILE_PIPE_PEER_MS);
    while (ready < 0 && errno == EINTR);
    if (ready < 0)
        return -errno;
    return ready == 0 ? -ENXIO : 0;
}

/* What there is of the head now, copied and not taken; waits while there is nothing. */
static ssize_t
copy_head(int fd, unsigned char head[HEAD_BYTES])
{
    int ends[2];
    ssize_t got = -1;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    do
        got = tee(fd, ends[1], HEAD_BYTES, 0);
    while (got < 0 && errno == EINTR);
    if (got > 0)
        got = read(ends[0], head, (size_t)got);
    if (got < 0)
        got = -errno;
    close(ends[0]);
    close(ends[1]);
    return got;
}

static bool
has_ended(int fd)
{
    struct pollfd descriptor = {.fd = fd, .events = 0};

    return poll(&descriptor, 1, 0) > 0 && (descriptor.revents & POLLHUP) != 0;
}

int
rondo__file_pipe_check(int fd)
{
    static const struct {
        const char *begin, *kind; /* kind: behind begin and four bytes more */
    } known[] = {{"RIFF", "WAVE"}, {"RIFX", "WAVE"}, {"FORM", "AIF"},
                 {".snd", ""},     {"dns.", ""},     {"OggS", ""}};
    const struct timespec pause = {0, 1000000};
    unsigned char head[HEAD_BYTES] = {0};

    for (;;) {
        const bool ended = has_ended(fd); /* asked first: what came before the end is seen */
        const ssize_t got = copy_head(fd, head);

        if (got < 0)
            return (int)got;
        if (got == HEAD_BYTES || got == 0 || ended)
            break;
        nanosleep(&pause, NULL);
    }
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (memcmp(head, known[i].begin, 4) == 0 &&
            memcmp(head + 8, known[i].kind, strlen(known[i].kind)) == 0)
            return 0;
    return -EBADMSG;
}
