#include "server/http/negotiate.h"

#include <algorithm>

#include "server/http/syntax.h"

namespace hello::server {

using namespace syntax;

namespace {

/// Removes and returns the text before the first `separator` that is not in quotes.
std::string_view take(std::string_view &rest, char separator) {
  bool quoted = false;
  std::size_t i = 0;
  for (; i < rest.size(); ++i) {
    if (rest[i] == '"')
      quoted = !quoted;
    else if (quoted && rest[i] == '\\')
      ++i;
    else if (!quoted && rest[i] == separator)
      break;
  }
  const std::string_view first = rest.substr(0, i);
  rest.remove_prefix(i < rest.size() ? i + 1 : rest.size());
  return trimmed(first);
}

/// q in thousandths, or -1 unless it is `0[.ddd]`, `1[.000]` or, as some clients write it, `.ddd`.
int quality(std::string_view text) {
  int q = 0, place = 100;
  if (text.size() > 1 && text[0] == '.') {
    text.remove_prefix(1);
  } else {
    if (text.empty() || (text[0] != '0' && text[0] != '1')) return -1;
    if (text.size() > 1 && text[1] != '.') return -1;
    q = (text[0] - '0') * 1000;
    text.remove_prefix(std::min<std::size_t>(text.size(), 2));
  }
  if (text.size() > 3) return -1;
  for (std::size_t i = 0; i < text.size(); ++i, place /= 10) {
    if (text[i] < '0' || text[i] > '9') return -1;
    q += (text[i] - '0') * place;
  }
  return q <= 1000 ? q : -1;
}

/// 3 for type/subtype, 2 for type/*, 1 for */*; 0 if `range` does not cover `offer`.
int specificity(std::string_view range, std::string_view offer) {
  if (range == "*/*") return 1;
  if (iequals(range, offer)) return 3;
  const std::size_t slash = offer.find('/');
  const bool covers = range.size() == slash + 2 && range.substr(slash) == "/*" &&
                      iequals(range.substr(0, slash), offer.substr(0, slash));
  return covers ? 2 : 0;
}

} // namespace

namespace {

/// What an Accept field says about one offer.
struct Match {
  int q = 0, specificity = 0;
  std::size_t place = 0; ///< of the range that decides, counted from the left

  bool beats(const Match &other) const {
    if (q != other.q) return q > other.q;
    if (specificity != other.specificity) return specificity > other.specificity;
    return place < other.place;
  }
};

/// q of one range's parameters: 1000 if they do not name it.
int quality_of(std::string_view parameters) {
  int value = 1000;
  while (!parameters.empty() && value >= 0) {
    const std::string_view parameter = take(parameters, ';');
    if (parameter.size() > 1 && (parameter[0] | 0x20) == 'q' && parameter[1] == '=')
      value = quality(parameter.substr(2));
  }
  return value;
}

/// The most specific range that covers the offer decides its q.
Match match(std::string_view accept, std::string_view offer) {
  Match found;
  for (std::size_t place = 0; !accept.empty(); ++place) {
    std::string_view member = take(accept, ',');
    const int specific = specificity(take(member, ';'), offer);
    if (specific == 0) continue;
    const int q = quality_of(member);
    if (q >= 0 && (specific > found.specificity || (specific == found.specificity && q > found.q)))
      found = {q, specific, place};
  }
  return found;
}

} // namespace

int negotiate(std::string_view accept, std::span<const std::string_view> offers) {
  if (trimmed(accept).empty()) return 0;
  int best = -1;
  Match best_match;
  for (std::size_t i = 0; i < offers.size(); ++i) {
    const Match found = match(accept, offers[i]);
    if (found.q == 0 || (best >= 0 && !found.beats(best_match))) continue;
    best = static_cast<int>(i);
    best_match = found;
  }
  return best;
}

bool etag_matches(std::string_view list, std::string_view etag, TagComparison comparison) {
  if (trimmed(list) == "*") return true;
  // Tags contain no quotes (RFC 9110 section 8.8.3), and a weak tag differs only by its prefix. So
  // it is enough to find `etag` after an even number of quotes, that is, outside any other tag.
  std::size_t quotes = 0, from = 0;
  for (std::size_t at; (at = list.find(etag, from)) != std::string_view::npos; from = at + 1) {
    for (std::size_t i = from; i < at; ++i) quotes += list[i] == '"';
    if (quotes % 2 == 0 &&
        (comparison == TagComparison::weak || !list.substr(0, at).ends_with("W/")))
      return true;
    ++quotes;
  }
  return false;
}

} // namespace hello::server
