/* SPDX-License-Identifier: MIT */
#include "facades/ml/config.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rondo/ml.h>

#define DEFAULT_MIC "null:"

/* The API has no object that these could belong to. */
static struct {
    pthread_mutex_t lock;
    bool valid; /* false: nobody asked yet */
    char *mic;  /* NULL: DEFAULT_MIC */
    bool deny_record_audio;
    struct rondo_clock *clock;
    struct rondo_log log;
} now = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Whether a list of permissions, separated by commas or spaces, has RECORD_AUDIO in it. */
static bool
names_record_audio(const char *list)
{
    static const char *const spellings[] = {"RECORD_AUDIO", "android.permission.RECORD_AUDIO"};

    while (list != NULL && *list != '\0') {
        const size_t length = strcspn(list, ", ");

        for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++)
            if (strlen(spellings[i]) == length && memcmp(list, spellings[i], length) == 0)
                return true;
        list += length;
        list += strspn(list, ", ");
    }
    return false;
}

/* Replace the configuration. The lock is held. */
static int
configure(const struct rondo_ml_config *config)
{
    const char *mic = config->mic;
    char *copy = NULL;

    if (mic == NULL)
        mic = getenv("RONDO_ML_MIC");
    if (mic != NULL && *mic != '\0') {
        copy = strdup(mic);
        if (copy == NULL)
            return -ENOMEM;
    }
    free(now.mic);
    now.mic = copy;
    now.deny_record_audio =
        config->deny_record_audio || names_record_audio(getenv("RONDO_ML_DENY"));
    now.clock = config->clock;
    now.log = config->log;
    now.valid = true;
    return 0;
}

/* Read the environment if nobody configured. The lock is held. */
static int
ensure_configured(void)
{
    const struct rondo_ml_config from_environment = RONDO_ML_CONFIG_INIT;

    return now.valid ? 0 : configure(&from_environment);
}

int
rondo_ml_configure(const struct rondo_ml_config *config)
{
    const struct rondo_ml_config from_environment = RONDO_ML_CONFIG_INIT;
    int error;

    if (config == NULL)
        config = &from_environment;
    if (config->size != sizeof *config)
        return -EINVAL;
    pthread_mutex_lock(&now.lock);
    error = configure(config);
    pthread_mutex_unlock(&now.lock);
    return error;
}

bool
rondo__ml_allowed(enum rondo__ml_permission permission)
{
    bool allowed = false;

    pthread_mutex_lock(&now.lock);
    if (ensure_configured() == 0) {
        switch (permission) {
        case RONDO__ML_PERMISSION_MIC:
        case RONDO__ML_PERMISSION_MUTE:
            allowed = !now.deny_record_audio;
            break;
        }
    }
    pthread_mutex_unlock(&now.lock);
    return allowed;
}

int
rondo__ml_source(struct rondo__ml_source *source)
{
    int error;

    pthread_mutex_lock(&now.lock);
    error = ensure_configured();
    if (error == 0) {
        source->mic = strdup(now.mic != NULL ? now.mic : DEFAULT_MIC);
        source->clock = now.clock;
        source->log = now.log;
        if (source->mic == NULL)
            error = -ENOMEM;
    }
    pthread_mutex_unlock(&now.lock);
    return error;
}

void
rondo__ml_log(const struct rondo_log *log, enum rondo_log_level level, const char *format, ...)
{
    char text[512];
    va_list arguments;

    if (log->callback == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    log->callback(level, text, log->context);
}
