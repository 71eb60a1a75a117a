#include "cli/view/reports.h"
#include "cli/view/table.h"
#include "hello/json.h"

namespace hello::cli {

std::string text_of(const std::vector<release::Release> &releases) {
  constexpr Column columns[] = {
      {"REVISION", 8, Column::Align::right},   {"STATUS", 11}, {"WHEN", 20}, {"WHO", 24},
      {"SOURCE", 13, Column::Align::left, 13}, {"IMAGE"}};
  std::string out = title_row(columns) + "\n";
  for (const release::Release &r : releases) {
    std::string notes = r.note;
    if (r.state == release::State::rolled_back)
      notes += notes.empty() ? "rolled back" : ", rolled back";
    out += row(columns, {std::to_string(r.revision), r.status, r.when, r.who,
                         r.source.empty() ? "-" : r.source,
                         notes.empty() ? r.image : r.image + " (" + notes + ")"}) +
           "\n";
  }
  return out;
}

std::string json_of(const std::vector<release::Release> &releases) {
  std::string text;
  json::Writer out(text, json::Style::lines);
  out.begin_array();
  for (const release::Release &r : releases) {
    out.begin_object().key("revision").number(r.revision);
    out.key("state")
        .string(name_of(r.state))
        .key("status")
        .string(r.status)
        .key("when")
        .string(r.when);
    out.key("who").string(r.who).key("from").string(r.from).key("image").string(r.image);
    out.key("source").string(r.source).key("note").string(r.note).key("digest").string(r.digest);
    out.key("objects").begin_array();
    for (const kube::Id &id : r.objects) out.string(id.text());
    out.end_array().end_object();
  }
  out.end_array();
  return text + "\n";
}

} // namespace hello::cli
