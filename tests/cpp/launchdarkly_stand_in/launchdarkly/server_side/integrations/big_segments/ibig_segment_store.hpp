// What the SDK asks for memberships in Big Segments.
#pragma once

#include <launchdarkly/server_side/integrations/big_segments/big_segment_store_types.hpp>

#include <tl/expected.hpp>

#include <optional>
#include <string>

namespace launchdarkly::server_side::integrations {

class IBigSegmentStore {
public:
    virtual ~IBigSegmentStore() = default;
    IBigSegmentStore(IBigSegmentStore const &) = delete;
    IBigSegmentStore(IBigSegmentStore &&) = delete;
    IBigSegmentStore &operator=(IBigSegmentStore const &) = delete;
    IBigSegmentStore &operator=(IBigSegmentStore &&) = delete;

    using GetMembershipResult = tl::expected<Membership, std::string>;
    using GetMetadataResult = tl::expected<std::optional<StoreMetadata>, std::string>;

    [[nodiscard]] virtual GetMembershipResult GetMembership(std::string const &context_hash) const noexcept = 0;
    [[nodiscard]] virtual GetMetadataResult GetMetadata() const noexcept = 0;

protected:
    IBigSegmentStore() = default;
};

}  // namespace launchdarkly::server_side::integrations
