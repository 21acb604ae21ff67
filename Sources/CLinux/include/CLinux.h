// GNU and Linux calls that Swift's importer can't see. Each is named for the call it makes.
#pragma once
#include "CLinuxMedia.h"
#include "CLinuxPackets.h"
#include "ReceiveFrom.h"
#include "SendFrom.h"
#include "SpawnShell.h"

#include <stddef.h>

/// Whether anyone has the file behind `fd`, open for reading, open for writing: 1 or 0, or -1 when
/// the kernel can't tell us (not our file, or a file system without leases). fcntl F_SETLEASE.
int clinux_fcntl_has_writers(int fd);

/// Gives the calling thread only what processor time nobody else wants. sched_setscheduler with
/// SCHED_IDLE; 0, or the errno.
int clinux_sched_setscheduler_idle(void);

/// Names the calling thread, at most 15 octets. pthread_setname_np.
void clinux_pthread_setname(const char *name);

/// The kind of file system behind an open file, linux/magic.h; 0 when it can't be told. fstatfs.
unsigned long clinux_fstatfs_type(int fd);

/// A counter to wait on with poll. eventfd with EFD_NONBLOCK and EFD_CLOEXEC.
int clinux_eventfd(void);

/// A file in memory without a name. memfd_create with MFD_CLOEXEC.
int clinux_memfd_create(void);
