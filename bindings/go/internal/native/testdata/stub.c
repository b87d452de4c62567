/* The library without a database of the Python package's tests, with what the Go module needs besides. */
#define ABI_VERSION ((ABI_MAJOR << 16) | ABI_MINOR)
#include "../../../../python/tests/native_stub.c"
#include <stddef.h>

typedef void (*member_callback)(void *userdata, const char *name, size_t name_length, const char *value, size_t value_length);

int32_t ld_dynamo_json_members(const char *object, uint32_t levels, member_callback member, void *userdata, failure **error) {
    (void)levels, (void)error;
    if (strcmp(object, "{}") != 0) {
        member(userdata, "a", 1, object + 5, strlen(object) - 6);
    }
    return 0;
}
