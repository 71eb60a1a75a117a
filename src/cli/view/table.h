#pragma once
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

/// Tables for people: aligned columns with two blanks between them.
namespace hello::cli {

struct Column {
  enum class Align { left, right };
  std::string_view title;
  std::size_t width = 0; ///< terminal columns; a wider cell pushes the rest of its row
  Align align = Align::left;
  std::size_t limit = std::string_view::npos; ///< a cell is cut off after so many terminal columns
};

/// The titles, without a line end.
std::string title_row(std::span<const Column> columns);

/// The cells, without a line end. There may be fewer cells than columns.
std::string row(std::span<const Column> columns, std::initializer_list<std::string_view> cells);

} // namespace hello::cli
