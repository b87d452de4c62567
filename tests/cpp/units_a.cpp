// Both C++ headers are included twice here and again in units_b.cpp: they must be guarded, and must define nothing twice when both are linked. Stores
// and errors go from one unit to the other.
//
//   units_a ENDPOINT TABLE     the table exists
#include "units.hpp"

#include "checks.hpp"

int main(int count, char **arguments) {
    if (count != 3) {
        return 2;
    }
    const std::string endpoint = arguments[1];
    auto store = store_of_the_other_unit(checks::configuration(endpoint, arguments[2], "units"));
    CHECK(store.upsert("features", "a", R"({"version":1})").outcome == ld_dynamo::UpsertOutcome::Stored);
    CHECK(version_seen_by_the_other_unit(store) == 1);
    int messages = 0;
    log_from_the_other_unit(store, [&messages](ld_dynamo::LogLevel, std::string_view) { messages++; });
    CHECK(messages == 1);
    try {
        fail_in_the_other_unit();
        CHECK(false);
    } catch (const ld_dynamo::NoRegionError &error) {
        CHECK(error.status() == LD_DYNAMO_NO_REGION);
    }
    return checks::summary();
}
