#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// The page as the client wants it: made once for each text, the same bytes for everyone.
namespace hello::server {

enum class Kind : std::uint8_t { text, html, json };

/// Media types that GET / offers, in our order of preference; the index is a Kind.
inline constexpr std::array<std::string_view, 3> kOffers = {"text/plain", "text/html",
                                                            "application/json"};

/// Longest text: what a live ConfigMap may carry.
inline constexpr std::size_t kMaxMessagesBytes = 512 * 1024;

struct Representation {
  std::string type; ///< Content-Type
  std::string body;
  std::string etag; ///< strong, with its quotes
};

/// Immutable; shared by all loops.
struct Page {
  std::array<Representation, 3> kinds; ///< by Kind
};

/// What is wrong with a text of messages, else "": invalid UTF-8, a NUL, or too long.
std::string messages_problem(std::string_view text);

/// Lines without their ends; blank ones separate and are no messages.
std::vector<std::string_view> split_messages(std::string_view text);

/// `text` has no problem. The plain text is `text` itself, ended by a newline.
Page make_page(std::string_view text, std::string_view pod);

/// A whole HTML page in the house's style; the arguments are escaped here.
std::string error_page(int status, std::string_view title, std::string_view detail);

/// The Content-Security-Policy of our pages: what is inline in them is named by its hash.
const std::string &page_policy();

/// Header lines, each ended by CRLF, that every answer carries beside its own policy: what the
/// browser may not do.
extern const std::string_view kSafetyHeaders;

/// `{{name}}` in `text` replaced by what `values` has for it. A name that is not there is a
/// std::logic_error.
struct Slot {
  std::string_view name, value;
};
std::string fill(std::string_view text, std::initializer_list<Slot> values);

} // namespace hello::server
