// What a store of Big Segments answers.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace launchdarkly::server_side::integrations {

class Membership {
public:
    static Membership FromSegmentRefs(std::vector<std::string> const &included_segment_refs, std::vector<std::string> const &excluded_segment_refs) {
        std::unordered_map<std::string, bool> entries;
        for (auto const &ref : excluded_segment_refs) {
            entries[ref] = false;
        }
        for (auto const &ref : included_segment_refs) {
            entries[ref] = true;
        }
        return Membership(std::move(entries));
    }

    [[nodiscard]] std::optional<bool> CheckMembership(std::string const &segment_ref) const {
        auto const found = entries_.find(segment_ref);
        return found == entries_.end() ? std::nullopt : std::optional<bool>(found->second);
    }

private:
    explicit Membership(std::unordered_map<std::string, bool> entries) : entries_(std::move(entries)) {}

    std::unordered_map<std::string, bool> entries_;
};

struct StoreMetadata {
    std::chrono::system_clock::time_point last_up_to_date;
};

}  // namespace launchdarkly::server_side::integrations
