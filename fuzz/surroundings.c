/* SPDX-License-Identifier: MIT */
#include "fuzz/surroundings.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "fuzz/check.h"

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN 1
#endif
#endif
#ifdef UNDER_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, bytes)   ((void)(address), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#endif

void
fuzz_check_one_of(const char *file, int line, int code, ...)
{
    va_list allowed;
    int one;

    if (code == 0)
        return;
    va_start(allowed, code);
    do
        one = va_arg(allowed, int);
    while (one != 0 && one != code);
    va_end(allowed);
    if (one == code)
        return;
    fprintf(stderr, "%s:%d: returned %d (%s), which is not documented\n", file, line, code,
            code < 0 ? strerror(-code) : "no error");
    abort();
}

int64_t
fuzz_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- limits ---- */

static void *
do_nothing(void *context)
{
    return context;
}

void
fuzz_confine(void)
{
    pthread_t first;
    const struct rlimit file_bytes = {FUZZ_FILE_BYTES_MAX, FUZZ_FILE_BYTES_MAX};
    const struct rlimit none = {0, 0};
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct sets[2];
    sigset_t file_size_signal;

    /* Blocked and not ignored: libFuzzer sets its own handler later. */
    sigemptyset(&file_size_signal);
    sigaddset(&file_size_signal, SIGXFSZ);
    FUZZ_CHECK(pthread_sigmask(SIG_BLOCK, &file_size_signal, NULL) == 0);
    FUZZ_CHECK(setrlimit(RLIMIT_FSIZE, &file_bytes) == 0);
    setrlimit(RLIMIT_RTPRIO, &none);
    setrlimit(RLIMIT_NICE, &none);
    if (syscall(SYS_capget, &header, sets) == 0) {
        const uint32_t nice = 1u << CAP_SYS_NICE;

        sets[0].effective &= ~nice;
        sets[0].permitted &= ~nice;
        sets[0].inheritable &= ~nice;
        syscall(SYS_capset, &header, sets);
    }
    unsetenv("RONDO_ML_MIC");
    unsetenv("RONDO_ML_DENY");
    /* With the first thread a sanitizer may start one of its own, which stays. */
    FUZZ_CHECK(pthread_create(&first, NULL, do_nothing, NULL) == 0);
    pthread_join(first, NULL);
}

/* ---- a folder ---- */

static char folder[256];

static void
clear_folder(bool everything)
{
    DIR *const list = opendir(folder);
    const struct dirent *entry;

    if (list == NULL)
        return;
    while ((entry = readdir(list)) != NULL)
        if (everything || entry->d_name[0] != '+')
            unlinkat(dirfd(list), entry->d_name, 0); /* "." and ".." stay */
    closedir(list);
}

static void
remove_folder(void)
{
    clear_folder(true);
    rmdir(folder);
}

void
fuzz_folder_clear(void)
{
    clear_folder(false);
}

const char *
fuzz_folder(void)
{
    const char *const above[] = {getenv("RONDO_FUZZ_FOLDER"), "/dev/shm", getenv("TMPDIR"), "/tmp"};

    for (size_t i = 0; folder[0] == '\0' && i < sizeof above / sizeof above[0]; i++) {
        if (above[i] == NULL)
            continue;
        snprintf(folder, sizeof folder, "%s/rondo-fuzz-XXXXXX", above[i]);
        if (mkdtemp(folder) == NULL)
            folder[0] = '\0';
        else
            atexit(remove_folder);
    }
    FUZZ_CHECK(folder[0] == '/');
    return folder;
}

void
fuzz_folder_store(const char *name, const void *data, size_t bytes)
{
    char path[512];
    int fd;

    snprintf(path, sizeof path, "%s/%s", fuzz_folder(), name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FUZZ_CHECK(fd >= 0);
    FUZZ_CHECK(write(fd, data, bytes) == (ssize_t)bytes);
    close(fd);
}

/* ---- counting, and guarding, what is mapped ---- */

struct mapping {
    unsigned char *data;
    size_t bytes; /* whole pages */
    bool is_guarded;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct mapping mappings[256];
static uint64_t mapped_bytes;
static bool guards;

void *__real_mmap(void *address, size_t bytes, int protection, int flags, int fd, off_t offset);
int __real_munmap(void *address, size_t bytes);
void *__wrap_mmap(void *address, size_t bytes, int protection, int flags, int fd, off_t offset);
int __wrap_munmap(void *address, size_t bytes);

static size_t
whole_pages(size_t bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);

    return (bytes + page - 1) / page * page;
}

void
fuzz_guard_mappings(bool on)
{
    guards = on;
}

static void *
map_guarded(size_t bytes, int protection, int flags, int fd, off_t offset)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *const room = __real_mmap(NULL, whole_pages(bytes) + 2 * page, PROT_NONE,
                                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    void *data;

    if (room == MAP_FAILED)
        return room;
    data = __real_mmap(room + page, bytes, protection, flags | MAP_FIXED, fd, offset);
    if (data == MAP_FAILED) {
        const int error = errno;

        __real_munmap(room, whole_pages(bytes) + 2 * page);
        errno = error;
        return data;
    }
    ASAN_POISON_MEMORY_REGION((unsigned char *)data + bytes, whole_pages(bytes) - bytes);
    return data;
}

void *
__wrap_mmap(void *address, size_t bytes, int protection, int flags, int fd, off_t offset)
{
    const bool guard = guards && fd >= 0 && address == NULL;
    void *data;

    if ((flags & MAP_FIXED) != 0) /* into what was mapped before */
        return __real_mmap(address, bytes, protection, flags, fd, offset);
    pthread_mutex_lock(&lock);
    data = guard ? map_guarded(bytes, protection, flags, fd, offset)
                 : __real_mmap(address, bytes, protection, flags, fd, offset);
    if (data != MAP_FAILED) {
        size_t i = 0;

        while (i < sizeof mappings / sizeof mappings[0] && mappings[i].data != NULL)
            i++;
        FUZZ_CHECK(i < sizeof mappings / sizeof mappings[0]);
        mappings[i] = (struct mapping){data, whole_pages(bytes), guard};
        mapped_bytes += whole_pages(bytes);
    }
    pthread_mutex_unlock(&lock);
    return data;
}

int
__wrap_munmap(void *address, size_t bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t i = 0;
    int result;

    pthread_mutex_lock(&lock);
    while (i < sizeof mappings / sizeof mappings[0] && mappings[i].data != address)
        i++;
    if (address == NULL || i == sizeof mappings / sizeof mappings[0]) { /* not one of ours */
        pthread_mutex_unlock(&lock);
        return __real_munmap(address, bytes);
    }
    /* What was mapped in one piece is given back in one piece. */
    FUZZ_CHECK_EQUAL(whole_pages(bytes), mappings[i].bytes);
    mapped_bytes -= mappings[i].bytes;
    ASAN_UNPOISON_MEMORY_REGION(address, mappings[i].bytes);
    if (mappings[i].is_guarded)
        result = __real_munmap(mappings[i].data - page, mappings[i].bytes + 2 * page);
    else
        result = __real_munmap(address, bytes);
    mappings[i].data = NULL;
    pthread_mutex_unlock(&lock);
    return result;
}

/* ---- sound files that are open ---- */

/*
 * libsndfile and the decoders behind it forget memory when a file is damaged, and libvorbis does for
 * each encoder of 6 channels. That is theirs; but what we open we must close, so it is counted here.
 */
const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
    return "leak:libsndfile.so\n"
           "leak:libvorbis\n"
           "leak:libogg.so\n"
           "leak:libopus.so\n"
           "leak:libFLAC.so\n"
           "leak:libmpg123.so\n";
}

static int open_sounds; /* under the lock */

/* libsndfile's; its types are of no interest here. A target without the file backend has none of
 * them. */
#pragma weak __real_sf_open_fd
#pragma weak __real_sf_open_virtual
#pragma weak __real_sf_close
void *__real_sf_open_fd(int fd, int mode, void *info, int close_desc);
void *__real_sf_open_virtual(void *calls, int mode, void *info, void *context);
int __real_sf_close(void *sound);
void *__wrap_sf_open_fd(int fd, int mode, void *info, int close_desc);
void *__wrap_sf_open_virtual(void *calls, int mode, void *info, void *context);
int __wrap_sf_close(void *sound);

static void
count_sounds(int more)
{
    pthread_mutex_lock(&lock);
    open_sounds += more;
    pthread_mutex_unlock(&lock);
}

void *
__wrap_sf_open_fd(int fd, int mode, void *info, int close_desc)
{
    void *const sound = __real_sf_open_fd(fd, mode, info, close_desc);

    count_sounds(sound != NULL);
    return sound;
}

void *
__wrap_sf_open_virtual(void *calls, int mode, void *info, void *context)
{
    void *const sound = __real_sf_open_virtual(calls, mode, info, context);

    count_sounds(sound != NULL);
    return sound;
}

int
__wrap_sf_close(void *sound)
{
    count_sounds(sound != NULL ? -1 : 0);
    return __real_sf_close(sound);
}

/* ---- counts ---- */

static unsigned
count_descriptors(void)
{
    DIR *const list = opendir("/proc/self/fd");
    unsigned count = 0;

    FUZZ_CHECK(list != NULL);
    while (readdir(list) != NULL)
        count++;
    closedir(list);
    return count;
}

static unsigned
count_threads(void)
{
    struct stat status;

    FUZZ_CHECK(stat("/proc/self/task", &status) == 0);
    return (unsigned)status.st_nlink - 2; /* "." and ".." */
}

struct fuzz_census
fuzz_census(void)
{
    struct fuzz_census census = {.descriptors = count_descriptors(), .threads = count_threads()};

    pthread_mutex_lock(&lock);
    census.sounds = open_sounds;
    census.mapped_bytes = mapped_bytes;
    pthread_mutex_unlock(&lock);
    return census;
}

void
fuzz_census_check(const struct fuzz_census *before)
{
    const struct timespec little = {0, 50000};
    const int64_t deadline_ns = fuzz_now_ns() + FUZZ_DEADLINE_NS;
    struct fuzz_census now;

    /* A thread is gone a moment after it was joined, and one that ends by itself even later. */
    for (;;) {
        now = fuzz_census();
        if (now.threads <= before->threads && now.descriptors <= before->descriptors &&
            now.mapped_bytes == before->mapped_bytes && now.sounds == before->sounds)
            return;
        if (fuzz_now_ns() > deadline_ns)
            break;
        nanosleep(&little, NULL);
    }
    fprintf(stderr,
            "not given back: descriptors %u -> %u, threads %u -> %u, mapped bytes %llu -> %llu, "
            "open sound files %d -> %d\n",
            before->descriptors, now.descriptors, before->threads, now.threads,
            (unsigned long long)before->mapped_bytes, (unsigned long long)now.mapped_bytes,
            before->sounds, now.sounds);
    abort();
}

/* ---- a sound file ---- */

static void
put_u32(unsigned char *bytes, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (unsigned char)(value >> 8 * i);
}

size_t
fuzz_wav(unsigned char *out, const int16_t *samples, uint32_t channels, uint32_t rate_hz,
         uint32_t frames)
{
    const uint32_t data_bytes = frames * channels * 2;

    memcpy(out, "RIFF....WAVEfmt ....................data....", 44);
    put_u32(out + 4, 36 + data_bytes);
    put_u32(out + 16, 16);
    put_u32(out + 20, 1 | channels << 16);
    put_u32(out + 24, rate_hz);
    put_u32(out + 28, rate_hz * channels * 2);
    put_u32(out + 32, channels * 2 | 16u << 16);
    put_u32(out + 40, data_bytes);
    memcpy(out + 44, samples, data_bytes);
    return 44 + data_bytes;
}
