#pragma once
#include <cstddef>
#include <span>
#include <string_view>

/// Which of several representations a client wants, and whether it has it already.
namespace hello::server {

/// Index of the offer ("text/html", in the server's order of preference) that `accept` likes best,
/// or -1 where it accepts none. An empty `accept` takes anything: the first. Several Accept fields
/// are joined with ", ". Parameters but q are ignored; a member that cannot be parsed is skipped.
/// Source: RFC 9110 sections 12.4.2 and 12.5.1.
int negotiate(std::string_view accept, std::span<const std::string_view> offers);

/// True where `etag` ("\"…\"", strong) is in the list, or the list is "*". If-None-Match compares
/// `weakly`, If-Match does not. Source: RFC 9110 sections 8.8.3.2, 13.1.1 and 13.1.2.
bool etag_matches(std::string_view list, std::string_view etag, bool weakly);

} // namespace hello::server
