#pragma once
#include <string>
#include <string_view>

namespace hello::cli {

inline constexpr std::string_view kDim = "\033[2m", kRed = "\033[31m", kGreen = "\033[32m",
                                  kYellow = "\033[33m", kCyan = "\033[36m";

/// Colors text, or leaves it plain (Console::paint).
struct Paint {
  bool colours = false;

  std::string operator()(std::string_view colour, std::string_view text) const {
    std::string out(text);
    return colours ? std::string(colour) + out + "\033[0m" : out;
  }
};

} // namespace hello::cli
