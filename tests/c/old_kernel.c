/*
 * Runs a program as on a kernel that wipes no pages in a forked child.
 *
 *   old_kernel refuses PROGRAM ARGUMENTS…     MADV_WIPEONFORK is EINVAL, as on Linux before 4.14
 *   old_kernel ignores PROGRAM ARGUMENTS…     every madvise answers 0 and does nothing, as in qemu-user before 7.2 and in some sandboxes
 */
#define _GNU_SOURCE

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WIPE_ON_FORK 18
/* Of an argument this is the low half, on machines with the low byte first. */
#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define SKIP_UNLESS(value, lines) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (lines))
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, (action))

static struct sock_filter refuses[] = {
    LOAD(nr), SKIP_UNLESS(SYS_madvise, 3), LOAD(args[2]), SKIP_UNLESS(WIPE_ON_FORK, 1), RETURN(SECCOMP_RET_ERRNO | EINVAL), RETURN(SECCOMP_RET_ALLOW),
};
static struct sock_filter ignores[] = {
    LOAD(nr), SKIP_UNLESS(SYS_madvise, 1), RETURN(SECCOMP_RET_ERRNO | 0), RETURN(SECCOMP_RET_ALLOW),
};

int main(int count, char **arguments) {
    struct sock_fprog filter = {sizeof refuses / sizeof *refuses, refuses};
    if (count < 3 || (strcmp(arguments[1], "refuses") != 0 && strcmp(arguments[1], "ignores") != 0)) {
        fprintf(stderr, "usage: old_kernel refuses|ignores PROGRAM ARGUMENTS...\n");
        return 2;
    }
    if (strcmp(arguments[1], "ignores") == 0) {
        filter.len = sizeof ignores / sizeof *ignores;
        filter.filter = ignores;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
        perror("the filter");
        return 2;
    }
    execv(arguments[2], arguments + 2);
    perror(arguments[2]);
    return 2;
}
