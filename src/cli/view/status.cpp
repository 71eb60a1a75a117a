#include <fmt/core.h>

#include "cli/view/events.h"
#include "cli/view/reports.h"
#include "hello/json.h"

namespace hello::cli {
namespace {

struct Look {
  std::string_view mark, colour;
};

Look look_of(deploy::Health health) {
  switch (health) {
  case deploy::Health::good: return {"✓", kGreen};
  case deploy::Health::warning: return {"!", kYellow};
  case deploy::Health::waiting: return {"…", kCyan};
  case deploy::Health::bad: break;
  }
  return {"✗", kRed};
}

void draw(const deploy::StatusNode &node, std::size_t depth, const Paint &paint, std::string &out) {
  std::string text = node.text;
  for (std::size_t at = 0; (at = text.find('\n', at)) != text.npos; ++at)
    text.insert(at + 1, depth * 2 + 4, ' ');
  out.append(depth * 2, ' ');
  const Look look = look_of(node.health);
  out += paint(look.colour, look.mark) + " " + node.object;
  if (!text.empty()) out += "  " + text;
  out += '\n';
  for (const deploy::StatusNode &below : node.below) draw(below, depth + 1, paint, out);
}

void write(json::Writer &out, const deploy::StatusNode &node) {
  out.begin_object().key("object").string(node.object).key("health").string(name_of(node.health));
  out.key("text").string(node.text).key("below").begin_array();
  for (const deploy::StatusNode &below : node.below) write(out, below);
  out.end_array().end_object();
}

} // namespace

std::string text_of(const deploy::Status &status, const deploy::Observation &observed,
                    const kube::Access &access, const Paint &paint) {
  std::string out = target(access) + "\n";
  if (const auto &r = status.release)
    out += fmt::format("release {}, {}, {} by {}{}{}\n", r->revision,
                       r->status.empty() ? std::string(name_of(r->state)) : r->status, r->when,
                       r->who, r->source.empty() ? "" : ", from " + r->source,
                       r->note.empty() ? "" : ", " + r->note);
  if (!status.image.empty()) out += "image " + status.image + "\n";
  out += paint(look_of(status.health).colour, name_of(status.state));
  out += ": " + status.summary + "\n\n";
  for (const deploy::StatusNode &node : status.objects) draw(node, 0, paint, out);
  for (const auto &[what, rule] : observed.unread)
    out += fmt::format("? {}  these rights do not let it be read: {}\n", what, rule);
  return out;
}

std::string json_of(const deploy::Status &status, const deploy::Observation &observed,
                    const kube::Access &access, const std::vector<kube::Alert> *alerts) {
  std::string text;
  json::Writer out(text);
  out.begin_object().key("healthy").boolean(status.healthy());
  out.key("health").string(name_of(status.health)).key("state").string(name_of(status.state));
  out.key("summary").string(status.summary);
  out.key("context").string(access.context).key("namespace").string(access.ns);
  out.key("image").string(status.image).key("release");
  if (const auto &r = status.release) {
    out.begin_object().key("revision").number(r->revision).key("state").string(name_of(r->state));
    out.key("status").string(r->status).key("when").string(r->when).key("who").string(r->who);
    out.key("source").string(r->source).key("image").string(r->image).end_object();
  } else {
    out.null();
  }
  out.key("objects").begin_array();
  for (const deploy::StatusNode &node : status.objects) write(out, node);
  out.end_array().key("unread").begin_array();
  for (const auto &[what, rule] : observed.unread) out.string(what);
  out.end_array();
  if (alerts) {
    out.key("alerts").begin_array();
    for (const kube::Alert &one : *alerts) {
      out.begin_object().key("name").string(one.name).key("severity").string(one.severity);
      out.key("pod").string(one.pod).end_object();
    }
    out.end_array();
  }
  out.end_object();
  return text + "\n";
}

std::string text_of(const std::vector<kube::Alert> &alerts, const Paint &paint) {
  std::string out;
  for (const kube::Alert &one : alerts) {
    const std::string severity = one.severity.empty() ? "" : ", " + one.severity;
    out += paint(kRed, "alert") + " " + one.name + severity;
    out += one.pod.empty() ? "\n" : ", pod " + one.pod + "\n";
  }
  return out;
}

} // namespace hello::cli
