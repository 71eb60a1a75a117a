#include <algorithm>

#include <fmt/core.h>

#include "cli/view/reports.h"
#include "cli/view/table.h"
#include "hello/json.h"

namespace hello::cli {
namespace {

using release::Listed;

/// A column's width: its title's, or that of the longest cell.
std::size_t width_of(const std::vector<Listed> &all, std::string_view title,
                     std::string Listed::*cell) {
  std::size_t width = title.size();
  for (const Listed &one : all) width = std::max(width, (one.*cell).size());
  return width;
}

std::string pods_of(const Listed &one) {
  return one.pods ? fmt::format("{}/{}", one.pods->available, one.pods->wanted) : "-";
}

} // namespace

std::string text_of(const std::vector<Listed> &all, kube::Instant now) {
  const Column columns[] = {{"NAMESPACE", width_of(all, "NAMESPACE", &Listed::ns)},
                            {"NAME", width_of(all, "NAME", &Listed::name)},
                            {"REVISION", 8, Column::Align::right},
                            {"STATUS", 11},
                            {"PODS", 5},
                            {"AGE", 4},
                            {"IMAGE"}};
  std::string out = title_row(columns) + "\n";
  for (const Listed &one : all) {
    const auto &newest = one.newest;
    out += row(columns,
               {one.ns, one.name, newest ? std::to_string(newest->revision) : "-",
                newest ? newest->status : "-", pods_of(one),
                newest ? deploy::age(kube::instant_of(newest->when), now) : "-", one.image()}) +
           "\n";
  }
  return out;
}

std::string json_of(const std::vector<Listed> &all) {
  std::string text;
  json::Writer out(text, json::Style::lines);
  out.begin_array();
  for (const Listed &one : all) {
    out.begin_object().key("namespace").string(one.ns).key("name").string(one.name);
    out.key("image").string(one.image()).key("revision");
    if (one.newest) {
      out.number(one.newest->revision).key("state").string(name_of(one.newest->state));
      out.key("status").string(one.newest->status);
      out.key("when").string(one.newest->when);
    } else {
      out.null().key("state").null().key("status").null().key("when").null();
    }
    out.key("pods");
    if (one.pods)
      out.begin_object()
          .key("wanted")
          .number(one.pods->wanted)
          .key("available")
          .number(one.pods->available)
          .end_object();
    else
      out.null();
    out.end_object();
  }
  out.end_array();
  return text + "\n";
}

} // namespace hello::cli
