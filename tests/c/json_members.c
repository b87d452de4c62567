/*
 * Takes JSON objects apart with ld_dynamo_json_members, also from within its callback, in a child of a fork that a callback makes, and on a thread
 * with a small stack.
 *
 * The last line printed is "N passed, N failed"; the exit status is 0 when none failed.
 */
#define _GNU_SOURCE

#include <ld_dynamo_store.h>

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WATCHDOG_SECONDS 60
#define SMALL_STACK ((size_t)128 * 1024)
#define DEEP 100000

static int passed = 0;
static int failed = 0;

static void check(int condition, const char *what, int line) {
    if (condition) {
        passed++;
    } else {
        failed++;
        printf("line %d: %s\n", line, what);
    }
}
#define CHECK(condition) check((condition), #condition, __LINE__)

/* What was handed over: "name=value;" of each member, a NUL in a name as "0". */
typedef struct seen {
    char text[512];
    size_t length;
    int calls;
} seen;

static void append(seen *all, const char *text, size_t length, char end) {
    if (all->length + length + 2 > sizeof all->text) {
        check(0, "there is room", __LINE__);
        return;
    }
    for (size_t at = 0; at < length; at++) {
        all->text[all->length++] = text[at] == '\0' ? '0' : text[at];
    }
    all->text[all->length++] = end;
    all->text[all->length] = '\0';
}

static void on_member(void *userdata, const char *name, size_t name_length, const char *value_json, size_t value_length) {
    seen *all = userdata;
    CHECK(name[name_length] == '\0' && value_json[value_length] == '\0' && strlen(value_json) == value_length);
    append(all, name, name_length, '=');
    append(all, value_json, value_length, ';');
    all->calls++;
}

static void count_member(void *userdata, const char *name, size_t name_length, const char *value_json, size_t value_length) {
    (void)name, (void)name_length, (void)value_json, (void)value_length;
    ++*(int *)userdata;
}

static void gives(const char *json, uint32_t most_levels, const char *expected) {
    seen all = {.length = 0};
    ld_dynamo_error *error = (void *)&all;
    CHECK(ld_dynamo_json_members(json, most_levels, on_member, &all, &error) == LD_DYNAMO_OK && error == NULL);
    if (strcmp(all.text, expected) != 0) {
        printf("%s\n  gave %s\n", json, all.text);
    }
    CHECK(strcmp(all.text, expected) == 0);
}

static void members_come_in_their_order(void) {
    gives("{}", 0, "");
    gives("{}", 1, "");
    gives(" { \"b\" : 1.50 , \"a\":[1, {\"c\":\"}]\"}] ,\"b\" : null } ", 3, "b=1.50;a=[1, {\"c\":\"}]\"}];b=null;");
    gives("{\"\":\"\",\"x\\u0000y\":\"\\u0000\"}", 1, "=\"\";x0y=\"\\u0000\";");
    gives("{\"\\\"\\ud83d\\ude00\xc3\xa9\":true}", 1, "\"\xf0\x9f\x98\x80\xc3\xa9=true;");
    /* Nobody asked what the values hold. */
    gives("{\"a\":\"\\ud800\",\"b\":1e999}", 0, "a=\"\\ud800\";b=1e999;");
}

/* Takes each value apart, too, and counts what is in them. */
static void on_item(void *userdata, const char *name, size_t name_length, const char *value_json, size_t value_length) {
    seen before = {.length = 0};
    ld_dynamo_error *error = NULL;
    append(&before, name, name_length, ':');
    append(&before, value_json, value_length, ';');
    const ld_dynamo_status status = ld_dynamo_json_members(value_json, 2, on_member, userdata, &error);
    if (status != LD_DYNAMO_OK) {
        append(userdata, "refused", strlen("refused"), ';');
        CHECK(error != NULL && ld_dynamo_error_status(error) == status);
        ld_dynamo_error_free(error);
    }
    /* These are still what they were. */
    CHECK(name[name_length] == '\0' && strncmp(before.text, name, name_length) == 0 && strncmp(before.text + name_length + 1, value_json, value_length) == 0);
}

static void a_callback_calls_the_library(void) {
    seen all = {.length = 0};
    const char *items = "{\"a\":{\"version\":1},\"b\":{\"version\":2,\"x\":[[]]},\"c\":{\"version\":3,\"deleted\":true}}";
    CHECK(ld_dynamo_json_members(items, 0, on_item, &all, NULL) == LD_DYNAMO_OK);
    CHECK(strcmp(all.text, "version=1;refused;version=3;deleted=true;") == 0);
}

static pid_t child = -1;

static void on_member_that_forks(void *userdata, const char *name, size_t name_length, const char *value_json, size_t value_length) {
    if (child < 0) {
        child = fork();
    }
    on_member(userdata, name, name_length, value_json, value_length);
}

/* Parent and child go on with the rest of the members. */
static void a_callback_forks(void) {
    seen all = {.length = 0};
    const ld_dynamo_status result = ld_dynamo_json_members("{\"a\":1,\"b\":2}", 1, on_member_that_forks, &all, NULL);
    const int is_right = result == LD_DYNAMO_OK && strcmp(all.text, "a=1;b=2;") == 0;
    if (child == 0) {
        _exit(is_right && failed == 0 ? 0 : 1);
    }
    int status = -1;
    CHECK(child > 0 && is_right && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* {"a":1,"b":[[…]]}, with this many levels in all. */
static char *nested(size_t levels) {
    const char *begin = "{\"a\":1,\"b\":";
    char *text = malloc(strlen(begin) + 2 * levels + 1);
    if (text == NULL) {
        exit(1);
    }
    char *at = text + sprintf(text, "%s", begin);
    memset(at, '[', levels - 1);
    memset(at + levels - 1, ']', levels - 1);
    strcpy(at + 2 * (levels - 1), "}");
    return text;
}

static void deep(size_t levels, uint32_t most_levels, ld_dynamo_status expected) {
    int calls = 0;
    char *text = nested(levels);
    CHECK(ld_dynamo_json_members(text, most_levels, count_member, &calls, NULL) == expected);
    /* All or nothing. */
    CHECK(calls == (expected == LD_DYNAMO_OK ? 2 : 0));
    free(text);
}

static void *levels(void *unused) {
    deep(32, 32, LD_DYNAMO_OK);
    deep(33, 32, LD_DYNAMO_INVALID_JSON);
    deep(128, UINT32_MAX, LD_DYNAMO_OK);
    deep(129, UINT32_MAX, LD_DYNAMO_INVALID_JSON);
    deep(DEEP, UINT32_MAX, LD_DYNAMO_INVALID_JSON);
    deep(DEEP, 0, LD_DYNAMO_OK);
    return unused;
}

static void a_small_stack_is_enough(void) {
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    CHECK(pthread_attr_setstacksize(&attributes, SMALL_STACK) == 0);
    CHECK(pthread_create(&thread, &attributes, levels, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    pthread_attr_destroy(&attributes);
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    alarm(WATCHDOG_SECONDS);
    members_come_in_their_order();
    a_callback_calls_the_library();
    a_callback_forks();
    a_small_stack_is_enough();
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
