// An item, or that it was deleted.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace launchdarkly::server_side::integrations {

struct SerializedItemDescriptor {
    std::uint64_t version;
    bool deleted;
    std::string serializedItem;

    static SerializedItemDescriptor Present(std::uint64_t const version, std::string data) {
        return SerializedItemDescriptor{version, false, std::move(data)};
    }
    static SerializedItemDescriptor Tombstone(std::uint64_t const version, std::string tombstone_rep) {
        return SerializedItemDescriptor{version, true, std::move(tombstone_rep)};
    }
};

}  // namespace launchdarkly::server_side::integrations
