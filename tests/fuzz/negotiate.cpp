// Any value of Accept and of If-Match: an offer or none, and the rules that hold for all of them.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "server/http/negotiate.h"

using namespace hello::server;

namespace {
void require(bool good) {
  if (!good) std::abort();
}

constexpr std::string_view kOffers[] = {"text/html", "application/json", "text/plain"};

/// A list with a member, to which others can be added: no quoted string swallows them.
bool open_ended(std::string_view list) {
  return list.find('"') == list.npos && list.find_first_not_of(" \t,") != list.npos;
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  const std::string_view list(reinterpret_cast<const char *>(data), size);
  const std::string text(list);

  const int chosen = negotiate(list, kOffers);
  require(chosen >= -1 && chosen < 3);
  if (chosen >= 0) require(negotiate(kOffers[chosen], kOffers) == chosen);
  if (open_ended(list)) {
    require(negotiate(text + ", image/avif", kOffers) ==
            chosen); // what is not offered is no preference
    if (chosen >= 0) require(negotiate(text + ", */*;q=0.001", kOffers) >= 0);
  }

  constexpr std::string_view kTag = "\"5e1f\"";
  const bool weak = etag_matches(list, kTag, TagComparison::weak);
  const bool strong = etag_matches(list, kTag, TagComparison::strong);
  require(weak || !strong);
  if (list.find("5e1f") == list.npos && list.find('*') == list.npos) require(!weak);
  return 0;
}
