// Loses a store, which a test expects to be noticed.
#include <ld_dynamo_store.hpp>

#include <utility>

int main() {
    auto *const lost = new ld_dynamo::Store(ld_dynamo::Settings().set("table", "launchdarkly"));
    return lost->handle() == nullptr ? 1 : 0;
}
