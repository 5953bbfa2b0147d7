/* SPDX-License-Identifier: MIT */
/* A C++ program that records a second of voice, under the offline clock. */
#include <ml_audio.h>

#include <cstdio>
#include <vector>

#include <pthread.h>

#include <rondo/clock.h>
#include <rondo/handle.h>
#include <rondo/ml.h>

namespace
{

class Recording
{
  public:
    ~Recording()
    {
        MLAudioDestroyInput(input);
        pthread_cond_destroy(&changed);
        pthread_mutex_destroy(&lock);
    }

    MLResult
    start()
    {
        MLAudioBufferFormat format = {};
        uint32_t size = 0;
        MLResult result = MLAudioGetBufferedInputDefaults(1, 48000, &format, &size, nullptr);

        if (result == MLResult_Ok)
            result = MLAudioCreateInputFromMicCapture(MLAudioMicCaptureType_VoiceCapture, &format,
                                                      size, &Recording::on_buffer, this, &input);
        if (result == MLResult_Ok)
            result = MLAudioStartInput(input);
        return result;
    }

    bool
    wait_for(std::size_t bytes)
    {
        timespec deadline;
        bool in_time = true;

        clock_gettime(CLOCK_REALTIME, &deadline);
        deadline.tv_sec += 20;
        pthread_mutex_lock(&lock);
        while (recorded.size() < bytes && in_time)
            in_time = pthread_cond_timedwait(&changed, &lock, &deadline) == 0;
        pthread_mutex_unlock(&lock);
        return in_time;
    }

  private:
    static void
    on_buffer(MLHandle handle, void *context)
    {
        Recording &self = *static_cast<Recording *>(context);
        MLAudioBuffer buffer;

        if (MLAudioGetInputBuffer(handle, &buffer) != MLResult_Ok)
            return;
        pthread_mutex_lock(&self.lock);
        self.recorded.insert(self.recorded.end(), buffer.ptr, buffer.ptr + buffer.size);
        pthread_cond_signal(&self.changed);
        pthread_mutex_unlock(&self.lock);
        MLAudioReleaseInputBuffer(handle);
    }

    MLHandle input = ML_INVALID_HANDLE;
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
    std::vector<uint8_t> recorded;
};

static_assert(sizeof(MLAudioBufferFormat) == 24, "the same layout as in C");
static_assert(MLAudioResult_NotImplemented < 0, "a negative code");

bool
check(const char *what, MLResult result)
{
    if (result != MLResult_Ok)
        std::fprintf(stderr, "%s: %s\n", what, MLAudioGetResultString(result));
    return result == MLResult_Ok;
}

} // namespace

int
main()
{
    rondo_ml_config config = RONDO_ML_CONFIG_INIT;

    config.clock = rondo_clock_offline();
    if (rondo_ml_configure(&config) != 0)
        return 1;

    Recording recording;

    if (!check("start", recording.start()))
        return 2;
    if (!recording.wait_for(2 * 48000)) {
        std::fprintf(stderr, "deadline\n");
        return 3;
    }
    return 0;
}
