/*
 * Runs a program as on a kernel that wipes no pages in a forked child, or that starts no threads.
 *
 *   old_kernel refuses PROGRAM ARGUMENTS…     MADV_WIPEONFORK is EINVAL, as on Linux before 4.14
 *   old_kernel ignores PROGRAM ARGUMENTS…     every madvise answers 0 and does nothing, as in qemu-user before 7.2 and in some sandboxes
 *   old_kernel threadless PROGRAM ARGUMENTS…  a new thread is EAGAIN, as where a limit on processes is reached, which does not bind root
 */
#define _GNU_SOURCE

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WIPE_ON_FORK 18
/* Headers may be older than it. */
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
/* Of an argument this is the low half, on machines with the low byte first. */
#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define SKIP_UNLESS(value, lines) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (lines))
#define SKIP_UNLESS_SET(bits, lines) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), 0, (lines))
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, (action))

static struct sock_filter refuses[] = {
    LOAD(nr), SKIP_UNLESS(SYS_madvise, 3), LOAD(args[2]), SKIP_UNLESS(WIPE_ON_FORK, 1), RETURN(SECCOMP_RET_ERRNO | EINVAL), RETURN(SECCOMP_RET_ALLOW),
};
static struct sock_filter ignores[] = {
    LOAD(nr), SKIP_UNLESS(SYS_madvise, 1), RETURN(SECCOMP_RET_ERRNO | 0), RETURN(SECCOMP_RET_ALLOW),
};

/* What clone3 is to do is out of a filter's sight; fork asks clone. */
static struct sock_filter threadless[] = {
    LOAD(nr),      SKIP_UNLESS(SYS_clone3, 1),      RETURN(SECCOMP_RET_ERRNO | EAGAIN), SKIP_UNLESS(SYS_clone, 3),
    LOAD(args[0]), SKIP_UNLESS_SET(CLONE_VM, 1), RETURN(SECCOMP_RET_ERRNO | EAGAIN), RETURN(SECCOMP_RET_ALLOW),
};

#define FILTER(name) {#name, {sizeof name / sizeof *name, name}}
static const struct {
    const char *name;
    struct sock_fprog filter;
} kernels[] = {FILTER(refuses), FILTER(ignores), FILTER(threadless)};

int main(int count, char **arguments) {
    const struct sock_fprog *filter = NULL;
    for (size_t number = 0; count >= 3 && number < sizeof kernels / sizeof *kernels; number++) {
        if (strcmp(arguments[1], kernels[number].name) == 0) {
            filter = &kernels[number].filter;
        }
    }
    if (filter == NULL) {
        fprintf(stderr, "usage: old_kernel refuses|ignores|threadless PROGRAM ARGUMENTS...\n");
        return 2;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter) != 0) {
        perror("the filter");
        return 2;
    }
    execv(arguments[2], arguments + 2);
    perror(arguments[2]);
    return 2;
}
