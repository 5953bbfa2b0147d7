/* SPDX-License-Identifier: MIT */
#include "backends/file/file_target.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "backends/file/file_private.h"

static int
no_memory(struct rondo_error *error)
{
    return rondo_error_set(error, -ENOMEM, "no memory left");
}

/* Open the directory, and name the file and its .part in it. */
static int
find_names(struct rondo__file_target *target, struct rondo_error *error)
{
    char *slash = strrchr(target->resolved, '/');
    const char *directory = ".";

    target->name = slash == NULL ? target->resolved : slash + 1;
    if (slash == target->resolved) {
        directory = "/";
    } else if (slash != NULL) {
        *slash = '\0';
        directory = target->resolved;
    }
    if (target->name[0] == '\0')
        return rondo_error_set(error, -EISDIR, "file: this is a directory, a file is needed: %s",
                               target->path);
    if (asprintf(&target->part, "%s.part", target->name) < 0) {
        target->part = NULL;
        return no_memory(error);
    }
    if (strlen(target->part) > NAME_MAX)
        return rondo_error_set(
            error, -ENAMETOOLONG,
            "file: the name is too long, with .part behind it at most %d bytes: %s", NAME_MAX,
            target->path);
    target->directory = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (target->directory < 0) {
        const int code = -errno;

        return rondo_error_set(error, code, "file: no directory to write into, %s: %s",
                               rondo_error_meaning(code), target->path);
    }
    return 0;
}

static int
refuse_write(const struct rondo__file_target *target, int code, struct rondo_error *error)
{
    return rondo_error_set(error, code, "file: cannot write, %s: %s", rondo_error_meaning(code),
                           target->path);
}

/* Look at what stands where the file shall go, without changing anything. */
int
rondo__file_target_find(struct rondo__file_target *target, const char *path,
                        const struct rondo__file_type *type, struct rondo_error *error)
{
    struct stat status;
    const bool exists = stat(path, &status) == 0;
    const int code = exists ? 0 : -errno;
    int result = 0;

    target->path = path;

    if (exists && S_ISDIR(status.st_mode))
        return rondo_error_set(error, -EISDIR, "file: this is a directory, a file is needed: %s",
                               target->path);
    target->direct = exists && !S_ISREG(status.st_mode);
    if (target->direct && S_ISFIFO(status.st_mode) && !type->appends)
        return rondo_error_set(
            error, -ENOTSUP,
            "file: the header of a %s file is completed at its end, which a pipe "
            "does not allow; it takes ogg and raw: %s",
            type->name, target->path);
    if (exists && faccessat(AT_FDCWD, target->path, W_OK, AT_EACCESS) < 0)
        return refuse_write(target, -errno, error);
    if (target->direct)
        return 0;
    if (!exists && code != -ENOENT && code != -ENOTDIR)
        return refuse_write(target, code, error);
    /* The file behind a symbolic link is replaced, not the link. */
    target->resolved = exists ? realpath(target->path, NULL) : strdup(target->path);
    if (target->resolved == NULL)
        return errno == ENOMEM ? no_memory(error) : refuse_write(target, -errno, error);
    result = find_names(target, error);
    if (result < 0)
        return result;
    if (!exists && faccessat(target->directory, target->name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return rondo_error_set(error, -ENOENT, "file: this is a symbolic link to nothing: %s",
                               target->path);
    if (faccessat(target->directory, ".", W_OK | X_OK, AT_EACCESS) < 0)
        return refuse_write(target, -errno, error);
    return 0;
}

/* The .part belongs to who has locked it. One that nobody has locked was left behind by an error or
 * a crash. */
static int
open_part(const struct rondo__file_target *target, struct rondo__file_io *io,
          struct rondo_error *error)
{
    struct stat opened;
    struct stat named;

    for (int i = 0; i < 100; i++) {
        const int fd =
            openat(target->directory, target->part,
                   O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0666);
        int code = 0;

        if (fd < 0)
            return refuse_write(target, -errno, error);
        if (fstat(fd, &opened) < 0)
            code = -errno;
        else if (!S_ISREG(opened.st_mode))
            code = -EEXIST;
        else if (flock(fd, LOCK_EX | LOCK_NB) < 0)
            code = errno == EWOULDBLOCK ? -EBUSY : -errno;
        if (code != 0) {
            close(fd);
            return rondo_error_set(error, code, "file: cannot write, %s: %s.part",
                                   rondo_error_meaning(code), target->path);
        }
        /* Who had it before may have renamed it between our open and our lock. */
        if (fstatat(target->directory, target->part, &named, AT_SYMLINK_NOFOLLOW) < 0 ||
            named.st_ino != opened.st_ino || named.st_dev != opened.st_dev) {
            close(fd);
            continue;
        }
        if (ftruncate(fd, 0) < 0) {
            code = -errno;
            close(fd);
            return refuse_write(target, code, error);
        }
        *io = (struct rondo__file_io){.fd = fd};
        return 0;
    }
    return refuse_write(target, -EBUSY, error);
}

static int64_t
now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int
open_direct(const struct rondo__file_target *target, struct rondo__file_io *io,
            struct rondo_error *error)
{
    const struct timespec pause = {0, 2000000};
    const int64_t deadline_ns = now_ns() + RONDO__FILE_PIPE_PEER_MS * INT64_C(1000000);
    struct stat status;
    int fd = -1;

    /* A pipe that nobody reads yet is tried again. */
    while ((fd = open(target->path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)) < 0) {
        const int code = -errno;

        if (code != -ENXIO && code != -EINTR)
            return refuse_write(target, code, error);
        if (now_ns() > deadline_ns)
            return rondo_error_set(error, -ENXIO, "file: nobody reads this pipe: %s", target->path);
        nanosleep(&pause, NULL);
    }
    if (fstat(fd, &status) < 0 || fcntl(fd, F_SETFL, O_WRONLY) < 0) {
        const int code = -errno;

        close(fd);
        return refuse_write(target, code, error);
    }
    *io = (struct rondo__file_io){.fd = fd, .appends = S_ISFIFO(status.st_mode)};
    return 0;
}

int
rondo__file_target_create(const struct rondo__file_target *target, struct rondo__file_io *io,
                          struct rondo_error *error)
{
    return target->direct ? open_direct(target, io, error) : open_part(target, io, error);
}

int
rondo__file_target_publish(const struct rondo__file_target *target, int fd)
{
    if (target->direct)
        return 0;
    if (fsync(fd) < 0 ||
        renameat(target->directory, target->part, target->directory, target->name) < 0)
        return -errno;
    return 0;
}

void
rondo__file_target_finish(struct rondo__file_target *target)
{
    if (target->directory >= 0)
        close(target->directory);
    free(target->part);
    free(target->resolved);
    *target = (struct rondo__file_target)RONDO__FILE_TARGET_INIT;
}
