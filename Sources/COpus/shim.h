// opus_encoder_ctl is variadic, which Swift can't call: one function per request that is made.
#pragma once
#include <opus/opus.h>

static inline int copus_set_bitrate(OpusEncoder *e, opus_int32 bits_per_second) {
    return opus_encoder_ctl(e, OPUS_SET_BITRATE(bits_per_second));
}
static inline int copus_set_vbr(OpusEncoder *e, opus_int32 on) {
    return opus_encoder_ctl(e, OPUS_SET_VBR(on));
}
static inline int copus_set_complexity(OpusEncoder *e, opus_int32 complexity) {
    return opus_encoder_ctl(e, OPUS_SET_COMPLEXITY(complexity));
}
static inline int copus_set_bandwidth(OpusEncoder *e, opus_int32 bandwidth) {
    return opus_encoder_ctl(e, OPUS_SET_BANDWIDTH(bandwidth));
}
static inline int copus_set_force_channels(OpusEncoder *e, opus_int32 channels) {
    return opus_encoder_ctl(e, OPUS_SET_FORCE_CHANNELS(channels));
}
static inline int copus_set_prediction_disabled(OpusEncoder *e, opus_int32 disabled) {
    return opus_encoder_ctl(e, OPUS_SET_PREDICTION_DISABLED(disabled));
}
static inline int copus_get_lookahead(OpusEncoder *e, opus_int32 *samples) {
    return opus_encoder_ctl(e, OPUS_GET_LOOKAHEAD(samples));
}
