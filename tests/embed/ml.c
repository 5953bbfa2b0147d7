/* SPDX-License-Identifier: MIT */
#include <ml_audio.h>

int
main(void)
{
    MLAudioBufferFormat format;
    MLHandle input;

    if (MLAudioGetBufferedInputDefaults(1, 48000, &format, NULL, NULL) != MLResult_Ok ||
        MLAudioCreateInputFromMicCapture(MLAudioMicCaptureType_VoiceCapture, &format, 0, NULL, NULL,
                                         &input) != MLResult_Ok)
        return 1;
    return MLAudioDestroyInput(input) == MLResult_Ok ? 0 : 1;
}
