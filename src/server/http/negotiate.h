#pragma once
#include <cstddef>
#include <span>
#include <string_view>

/// Chooses the representation that a client prefers, and tells whether the client already has it.
namespace hello::server {

/// Returns the index of the offer ("text/html", in the server's order of preference) that `accept`
/// prefers, or -1 if it accepts none of them. An empty `accept` accepts anything: the first offer.
/// With equal q, a range that names an offer beats a wildcard, then the range further left wins:
/// clients like Angular and axios list what they prefer first. Then the order of the offers counts.
/// Several Accept fields are joined with ", ". Parameters other than q are ignored; a member that
/// cannot be parsed is skipped. Source: RFC 9110 sections 12.4.2 and 12.5.1.
int negotiate(std::string_view accept, std::span<const std::string_view> offers);

/// If-None-Match compares weakly, If-Match strongly. Source: RFC 9110 section 8.8.3.2.
enum class TagComparison { weak, strong };

/// True if `etag` ("\"…\"", strong) is in the list, or the list is "*". Source: RFC 9110 sections
/// 13.1.1 and 13.1.2.
bool etag_matches(std::string_view list, std::string_view etag, TagComparison comparison);

} // namespace hello::server
