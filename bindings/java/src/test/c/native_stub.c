/* The stand-in of the Python package's tests, with what this package calls beyond it, and faults of its own. */
#ifndef ABI_VERSION
#define ABI_VERSION ((1 << 16) | 3)
#endif
#include "../../../../python/tests/native_stub.c"

typedef void (*member_callback)(void *userdata, const char *name, size_t name_length, const char *value, size_t value_length);

/* Every object has one member. */
int32_t ld_dynamo_json_members(const char *object, uint32_t levels, member_callback member, void *userdata, failure **error) {
    (void)levels;
    if (strcmp(object, "refused") == 0) {
        return fail(-3, error);
    }
    member(userdata, "na\0me", 5, "{\"version\":1}", 13);
    return 0;
}
