// Starting a program, and hearing of its end without losing its process group.
#pragma once
#include <sys/types.h>
#include <sys/wait.h>

/// Starts `/bin/sh -c command` in a process group of its own, with nothing to read, no descriptor
/// of ours, and signals as at login. `output` and `errors` are where to read what it writes to
/// standard output and standard error, without waiting. posix_spawn. Returns 0, or the errno.
int clinux_spawn_shell(const char *command, int *output, int *errors, pid_t *process);

/// Whether a child has ended; it stays a zombie, so that its process group can't be another's.
/// `status` is its exit status, or the signal that ended it as a negative number. waitid.
int clinux_has_ended(pid_t process, int *status);
