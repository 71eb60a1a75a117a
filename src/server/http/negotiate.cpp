#include "server/http/negotiate.h"

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

/// q in thousandths, or -1 unless it is `0[.ddd]` or `1[.000]`.
int quality(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return -1;
  if (text.size() > 1 && text[1] != '.') return -1;
  int q = (text[0] - '0') * 1000, place = 100;
  for (std::size_t i = 2; i < text.size(); ++i, place /= 10) {
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

int negotiate(std::string_view accept, std::span<const std::string_view> offers) {
  if (trimmed(accept).empty()) return 0;
  int best = -1, best_q = 0, best_specificity = 0;
  for (std::size_t i = 0; i < offers.size(); ++i) {
    // The most specific range that covers the offer decides its q.
    int q = 0, found = 0;
    for (std::string_view rest = accept; !rest.empty();) {
      std::string_view member = take(rest, ',');
      const int specific = specificity(take(member, ';'), offers[i]);
      if (specific == 0) continue;
      int value = 1000;
      while (!member.empty() && value >= 0) {
        const std::string_view parameter = take(member, ';');
        if (parameter.size() > 1 && (parameter[0] | 0x20) == 'q' && parameter[1] == '=')
          value = quality(parameter.substr(2));
      }
      if (value >= 0 && (specific > found || (specific == found && value > q))) {
        found = specific;
        q = value;
      }
    }
    // With equal q, a range that names the offer beats a wildcard; then the server's order counts.
    if (q > best_q || (q == best_q && q > 0 && found > best_specificity)) {
      best = static_cast<int>(i);
      best_q = q;
      best_specificity = found;
    }
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
