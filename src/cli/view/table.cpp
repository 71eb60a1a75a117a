#include "cli/view/table.h"

#include "hello/text.h"

namespace hello::cli {
namespace {

void append(std::string &out, const Column &column, std::string_view cell) {
  cell = text::fitted(cell, column.limit);
  const std::size_t width = text::width(cell);
  const std::size_t padding = width < column.width ? column.width - width : 0;
  if (!out.empty()) out += "  ";
  if (column.align == Column::Align::right) out.append(padding, ' ');
  out += cell;
  if (column.align == Column::Align::left) out.append(padding, ' ');
}

} // namespace

std::string title_row(std::span<const Column> columns) {
  std::string out;
  for (const Column &column : columns) append(out, column, column.title);
  return out;
}

std::string row(std::span<const Column> columns, std::initializer_list<std::string_view> cells) {
  std::string out;
  for (const std::string_view cell : cells) {
    append(out, columns.front(), cell);
    columns = columns.subspan(1);
  }
  return out;
}

} // namespace hello::cli
