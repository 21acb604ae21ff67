// Starting a program, and hearing of its end without losing its process group.
#pragma once
#include <stdbool.h>
#include <sys/types.h>
#include <sys/wait.h>

/// Starts `/bin/sh -c command` in a process group of its own, with no descriptor of ours and signals
/// as at login. It reads from `input`, which stays the caller's; from nothing when that is negative.
/// In the background others come before it (nice 10). `output` and `errors` are where to read what it
/// writes to standard output and standard error, without waiting. posix_spawn. Returns 0, or the errno.
int clinux_spawn_shell(
    const char *command, int input, bool is_background, int *output, int *errors, pid_t *process);

/// Whether a child has ended; it stays a zombie, so that its process group can't be another's.
/// `status` is its exit status, or the signal that ended it as a negative number. waitid.
int clinux_has_ended(pid_t process, int *status);
