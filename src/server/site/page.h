#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// The public page in its three representations, which are made once for each text.
namespace hello::server {

enum class Kind : std::uint8_t { text, html, json };

/// The media types of GET /, in the server's order of preference; the index is a Kind.
inline constexpr std::array<std::string_view, 3> kOffers = {"text/plain", "text/html",
                                                            "application/json"};

/// Limit of the text: half of what a ConfigMap may hold.
inline constexpr std::size_t kMaxMessagesBytes = 512 * 1024;

struct Representation {
  std::string_view type; ///< Content-Type; a literal
  std::string body;
  std::string etag; ///< strong, with its quotes
};

/// Immutable; shared by all loops.
struct Page {
  std::array<Representation, 3> kinds; ///< by Kind
};

/// Returns what is wrong with a text of messages (invalid UTF-8, a NUL, too long), or "".
std::string messages_problem(std::string_view text);

/// Splits into lines without their ends. Blank lines separate messages and are dropped.
std::vector<std::string_view> split_messages(std::string_view text);

/// The memory that the page of a text takes, at most.
std::size_t page_bytes(std::string_view text);

/// Makes the page of a text without problems. The plain text is `text` itself, with a newline at
/// its end.
Page make_page(std::string_view text, std::string_view pod);

/// The texts of an error page.
struct ErrorTexts {
  std::string_view title, detail;
  std::string_view start_link; ///< address of the start page
};

/// Returns an HTML page in the same style. Escapes the texts.
std::string error_page(int status, const ErrorTexts &texts);

/// The Content-Security-Policy of these pages, which allows the inline style by its hash.
const std::string &page_policy();

/// Replaces each `{{name}}` in `text` by its value. A name without a value is a std::logic_error.
struct Slot {
  std::string_view name, value;
};
std::string fill(std::string_view text, std::initializer_list<Slot> values);

} // namespace hello::server
