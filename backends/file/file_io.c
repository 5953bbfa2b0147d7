/* SPDX-License-Identifier: MIT */
#include "backends/file/file_io.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* libsndfile would otherwise ask for more in one call than the kernel moves. */
#define ONE_CALL_BYTES ((size_t)1 << 30)

static sf_count_t
io_length(void *opaque)
{
    const struct rondo__file_io *io = opaque;

    return io->length;
}

static sf_count_t
io_tell(void *opaque)
{
    const struct rondo__file_io *io = opaque;

    return io->position;
}

static sf_count_t
io_seek(sf_count_t offset, int whence, void *opaque)
{
    struct rondo__file_io *io = opaque;
    int64_t position = 0;

    if (whence == SEEK_CUR)
        position = io->position;
    else if (whence == SEEK_END)
        position = io->length;
    if (__builtin_add_overflow(position, offset, &position) || position < 0)
        return -1;
    if (io->appends && position != io->length)
        return -1;
    io->position = position;
    return position;
}

static sf_count_t
io_read(void *bytes, sf_count_t count, void *opaque)
{
    struct rondo__file_io *io = opaque;
    sf_count_t done = 0;

    while (done < count && io->error == 0) {
        const size_t rest = (size_t)(count - done);
        const ssize_t got = pread(io->fd, (char *)bytes + done,
                                  rest < ONE_CALL_BYTES ? rest : ONE_CALL_BYTES, io->position);

        if (got < 0 && errno != EINTR)
            io->error = -errno;
        if (got == 0)
            break;
        if (got > 0) {
            io->position += got;
            done += got;
        }
    }
    return done;
}

/* Write to a pipe. When nobody reads it any more the kernel would end the process by a signal: this
 * takes it back. */
static ssize_t
write_pipe(int fd, const void *bytes, size_t count)
{
    const struct timespec now = {0, 0};
    sigset_t pipe_signal;
    sigset_t before;
    sigset_t pending;
    ssize_t done = 0;

    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    done = write(fd, bytes, count);
    if (done < 0 && errno == EPIPE) {
        if (sigismember(&pending, SIGPIPE) == 0)
            while (sigtimedwait(&pipe_signal, NULL, &now) < 0 && errno == EINTR)
                ;
        errno = EPIPE;
    }
    if (done >= 0) {
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    } else {
        const int error = errno;

        pthread_sigmask(SIG_SETMASK, &before, NULL);
        errno = error;
    }
    return done;
}

static sf_count_t
io_write(const void *bytes, sf_count_t count, void *opaque)
{
    struct rondo__file_io *io = opaque;
    sf_count_t done = 0;

    if (io->error != 0 && !io->insists)
        return 0;
    while (done < count) {
        const size_t rest = (size_t)(count - done);
        const size_t some = rest < ONE_CALL_BYTES ? rest : ONE_CALL_BYTES;
        const char *from = (const char *)bytes + done;
        ssize_t moved = (ssize_t)some;

        if (io->fd >= 0)
            moved = io->appends ? write_pipe(io->fd, from, some)
                                : pwrite(io->fd, from, some, io->position);
        if (moved < 0 && errno == EINTR)
            continue;
        if (moved <= 0) {
            io->error = moved == 0 ? -EIO : -errno;
            break;
        }
        io->position += moved;
        done += moved;
        if (io->position > io->length)
            io->length = io->position;
    }
    if (io->error == -EPIPE)
        io->error = -ENXIO;
    return done;
}

SF_VIRTUAL_IO rondo__file_io_calls = {
    .get_filelen = io_length,
    .seek = io_seek,
    .read = io_read,
    .write = io_write,
    .tell = io_tell,
};
