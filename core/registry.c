/* SPDX-License-Identifier: MIT */
#include "core/registry.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/null/null.h"
#ifdef RONDO_WITH_FILE
#include "backends/file/file.h"
#endif

/* The backends of this library, in the order in which they are listed. */
static const struct rondo_backend_ops *const built_in[] = {
    &rondo__backend_null,
#ifdef RONDO_WITH_FILE
    &rondo__backend_file,
#endif
};

#define BUILT_IN (sizeof(built_in) / sizeof(built_in[0]))

/* Those of others, in the order in which they came. They are never removed, so what was found stays
 * valid. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const struct rondo_backend_ops **added;
static size_t added_count;

static bool
name_is_good(const char *name)
{
    if (name == NULL || *name == '\0')
        return false;
    return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-")] == '\0';
}

/* "clock" belongs to the core, for every backend. */
static bool
parameters_are_good(const struct rondo_backend_parameter *parameters)
{
    for (; parameters != NULL && parameters->key != NULL; parameters++)
        if (!name_is_good(parameters->key) || strcmp(parameters->key, "clock") == 0)
            return false;
    return true;
}

static const struct rondo_backend_ops *
at(size_t index)
{
    if (index < BUILT_IN)
        return built_in[index];
    return index - BUILT_IN < added_count ? added[index - BUILT_IN] : NULL;
}

static const struct rondo_backend_ops *
find(const char *name)
{
    const struct rondo_backend_ops *ops = NULL;

    for (size_t i = 0; (ops = at(i)) != NULL; i++)
        if (strcmp(ops->name, name) == 0)
            break;
    return ops;
}

int
rondo_backend_register(const struct rondo_backend_ops *ops)
{
    const struct rondo_backend_ops **larger = NULL;
    int result = 0;

    if (ops == NULL)
        return -EINVAL;
    if (ops->version != RONDO_BACKEND_VERSION)
        return -EPROTO;
    if (ops->size < sizeof(*ops) || !name_is_good(ops->name) || ops->summary == NULL ||
        !parameters_are_good(ops->parameters) || ops->open == NULL || ops->close == NULL ||
        ops->transfer == NULL)
        return -EINVAL;
    pthread_mutex_lock(&lock);
    if (find(ops->name) != NULL) {
        result = -EEXIST;
    } else if ((larger = realloc(added, (added_count + 1) * sizeof(*added))) == NULL) {
        result = -ENOMEM;
    } else {
        added = larger;
        added[added_count++] = ops;
    }
    pthread_mutex_unlock(&lock);
    return result;
}

const struct rondo_backend_ops *
rondo_backend_list(uint32_t index)
{
    const struct rondo_backend_ops *ops = NULL;

    pthread_mutex_lock(&lock);
    ops = at(index);
    pthread_mutex_unlock(&lock);
    return ops;
}

const struct rondo_backend_ops *
rondo__backend_find(const char *name)
{
    const struct rondo_backend_ops *ops = NULL;

    if (name == NULL)
        return NULL;
    pthread_mutex_lock(&lock);
    ops = find(name);
    pthread_mutex_unlock(&lock);
    return ops;
}

const char *
rondo__backend_names(char *text, size_t text_bytes)
{
    const struct rondo_backend_ops *ops = NULL;
    size_t used = 0;

    text[0] = '\0';
    pthread_mutex_lock(&lock);
    for (size_t i = 0; (ops = at(i)) != NULL && used < text_bytes; i++)
        used +=
            (size_t)snprintf(text + used, text_bytes - used, "%s%s", i == 0 ? "" : ", ", ops->name);
    pthread_mutex_unlock(&lock);
    return text;
}
