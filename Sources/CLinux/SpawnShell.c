#define _GNU_SOURCE
#include "SpawnShell.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <unistd.h>

extern char **environ;

// Niceness: a ninth of what others get, and not nothing, since a command has an end in time.
enum { BACKGROUND = 10 };

static int spawn(
    const char *command, int input, bool is_background, int output, int errors, pid_t *process) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    sigdelset(&all, SIGKILL);
    sigdelset(&all, SIGSTOP);
    int code = posix_spawn_file_actions_init(&actions);
    if (code) return code;
    code = posix_spawnattr_init(&attributes);
    if (code) {
        posix_spawn_file_actions_destroy(&actions);
        return code;
    }
    if (!code) code = input < 0
        ? posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        : posix_spawn_file_actions_adddup2(&actions, input, 0);
    if (!code) code = posix_spawn_file_actions_adddup2(&actions, output, 1);
    if (!code) code = posix_spawn_file_actions_adddup2(&actions, errors, 2);
    if (!code) code = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    if (!code) code = posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    if (!code) code = posix_spawnattr_setpgroup(&attributes, 0);
    if (!code) code = posix_spawnattr_setsigdefault(&attributes, &all);
    if (!code) code = posix_spawnattr_setsigmask(&attributes, &none);
    char *arguments[] = {"sh", "-c", (char *)command, NULL};
    if (!code) code = posix_spawn(process, "/bin/sh", &actions, &attributes, arguments, environ);
    // The whole group, and so what the command has started already. It needs no right.
    if (!code && is_background) setpriority(PRIO_PGRP, (id_t)*process, BACKGROUND);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

static void close_both(const int *ends) {
    close(ends[0]);
    close(ends[1]);
}

int clinux_spawn_shell(
    const char *command, int input, bool is_background, int *output, int *errors, pid_t *process) {
    int out[2], err[2];
    if (pipe2(out, O_CLOEXEC)) return errno;
    if (pipe2(err, O_CLOEXEC)) {
        int code = errno;
        close_both(out);
        return code;
    }
    int code = fcntl(out[0], F_SETFL, O_NONBLOCK) || fcntl(err[0], F_SETFL, O_NONBLOCK)
        ? errno : spawn(command, input, is_background, out[1], err[1], process);
    if (code) {
        close_both(out);
        close_both(err);
        return code;
    }
    close(out[1]);
    close(err[1]);
    *output = out[0];
    *errors = err[0];
    return 0;
}

int clinux_has_ended(pid_t process, int *status) {
    siginfo_t info;
    info.si_pid = 0;
    if (waitid(P_PID, (id_t)process, &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
        *status = 0;
        return 1;
    }
    if (info.si_pid == 0) return 0;
    *status = info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
    return 1;
}
