#include "cli/options/row.h"

#include "hello/text.h"

namespace hello::cli {

bool OptionRow::has_name(std::string_view name) const {
  std::string_view rest = names;
  while (!rest.empty())
    if (text::take(rest, ',') == name) return true;
  return false;
}

std::string_view OptionRow::long_name() const {
  return names.starts_with("-") && !names.starts_with("--") && names.size() > 2 ? names.substr(3)
                                                                                : names;
}

std::string_view OptionRow::short_name() const {
  return names.starts_with("-") && !names.starts_with("--") ? names.substr(0, 2)
                                                            : std::string_view();
}

const OptionRow *CommandRow::option(std::string_view wanted) const {
  for (const OptionRow &row : options)
    if (row.is_option() && row.has_name(wanted)) return &row;
  return nullptr;
}

const CommandRow *CommandRow::command(std::string_view wanted) const {
  for (const auto &row : commands)
    if (row->name == wanted) return row.get();
  return nullptr;
}

} // namespace hello::cli
