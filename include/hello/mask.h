#pragma once
#include <string>
#include <string_view>

/// What this process must not print: the values of the Secrets in its set.
namespace hello::mask {

/// Values below that stay: they are in every second word.
inline constexpr std::size_t kShortest = 6; ///< bytes

/// From now on applied() replaces `value`, each long line of it, its JSON form and its base64 form.
/// Before other threads print.
void add(std::string_view value);

/// The text with "***" in the place of each value. Any thread.
std::string applied(std::string_view text);

} // namespace hello::mask
