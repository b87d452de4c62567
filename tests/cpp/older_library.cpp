// A program that was compiled for a newer library than the one it finds: no store is opened, and the reason is said.
#include <ld_dynamo_store.h>

#undef LD_DYNAMO_ABI_MINOR
#define LD_DYNAMO_ABI_MINOR 9999

#include "checks.hpp"

#include <ld_dynamo_store.hpp>

int main() {
    const auto opened = ld_dynamo::Store::try_open(R"({"table": "launchdarkly"})");
    CHECK(!opened.ok() && opened.error().status() == LD_DYNAMO_INTERNAL);
    CHECK(std::string(opened.error().what()).find("compiled for 1.9999") != std::string::npos);
    return checks::summary();
}
