// Virtual I/O by a descriptor and a window of it, so that a reader can be given a part of a file
// behind a header of our own.
#pragma once
#include <sndfile.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/// What libsndfile sees as a file: `head`, then `length` octets of `fd` from `offset`.
typedef struct {
    int fd;
    sf_count_t offset;
    sf_count_t length;
    unsigned char head[256];
    int head_length;
    sf_count_t at;
} csndfile_window;

static sf_count_t csndfile_window_size(void *data) {
    csndfile_window *w = data;
    return w->head_length + w->length;
}

static sf_count_t csndfile_window_seek(sf_count_t offset, int whence, void *data) {
    csndfile_window *w = data;
    sf_count_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? w->at : csndfile_window_size(w);
    sf_count_t target;
    if (__builtin_add_overflow(base, offset, &target) || target < 0) return -1;
    return w->at = target;
}

static sf_count_t csndfile_window_read(void *buffer, sf_count_t count, void *data) {
    csndfile_window *w = data;
    sf_count_t done = 0;
    if (w->at < w->head_length) {
        sf_count_t part = w->head_length - w->at;
        if (part > count) part = count;
        memcpy(buffer, w->head + w->at, part);
        w->at += part;
        done = part;
    }
    while (done < count && w->at < csndfile_window_size(w)) {
        sf_count_t part = csndfile_window_size(w) - w->at;
        if (part > count - done) part = count - done;
        ssize_t got = pread(w->fd, (char *)buffer + done, part, w->offset + w->at - w->head_length);
        if (got <= 0) break;
        w->at += got;
        done += got;
    }
    return done;
}

static sf_count_t csndfile_window_tell(void *data) {
    return ((csndfile_window *)data)->at;
}

/// Opens the window for reading. It must stay where it is until `sf_close`; its `fd` is not closed.
static inline SNDFILE *csndfile_open(csndfile_window *window, SF_INFO *info) {
    SF_VIRTUAL_IO io = {
        .get_filelen = csndfile_window_size,
        .seek = csndfile_window_seek,
        .read = csndfile_window_read,
        .tell = csndfile_window_tell,
    };
    return sf_open_virtual(&io, SFM_READ, info, window);
}
