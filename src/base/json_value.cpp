#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

#include "base/json_members.h"
#include "hello/json.h"

namespace hello::json {

Value::Value(Kind kind) : kind_(kind) {
  if (kind == Kind::string || kind == Kind::number)
    std::construct_at(&text_);
  else if (kind == Kind::array)
    std::construct_at(&items_);
  else if (kind == Kind::object)
    std::construct_at(&members_);
}

Value::Value(const Value &other) : Value(other.kind_) {
  truth_ = other.truth_;
  if (kind_ == Kind::string || kind_ == Kind::number)
    text_ = other.text_;
  else if (kind_ == Kind::array)
    items_ = other.items_;
  else if (kind_ == Kind::object)
    members_ = other.members_;
}

Value::Value(Value &&other) noexcept : kind_(other.kind_), truth_(other.truth_) {
  if (kind_ == Kind::string || kind_ == Kind::number)
    std::construct_at(&text_, std::move(other.text_));
  else if (kind_ == Kind::array)
    std::construct_at(&items_, std::move(other.items_));
  else if (kind_ == Kind::object)
    std::construct_at(&members_, std::move(other.members_));
}

Value &Value::operator=(Value other) noexcept { // by value: `other` may have been a part of this
  std::destroy_at(this);
  return *std::construct_at(this, std::move(other));
}

Value::~Value() {
  if (kind_ == Kind::string || kind_ == Kind::number)
    std::destroy_at(&text_);
  else if (kind_ == Kind::array)
    std::destroy_at(&items_);
  else if (kind_ == Kind::object)
    std::destroy_at(&members_);
}

std::string_view Value::text() const {
  return kind_ == Kind::string || kind_ == Kind::number ? std::string_view(text_) : "";
}

bool Value::boolean(bool fallback) const { return kind_ == Kind::boolean ? truth_ : fallback; }

std::int64_t Value::number(std::int64_t fallback) const {
  const std::string_view digits = text();
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  return whole ? value : fallback;
}

const Value *Value::find(std::string_view key) const {
  for (const Member &member : members())
    if (member.key == key) return &member.value;
  return nullptr;
}

const Value &Value::at(std::initializer_list<std::string_view> keys) const {
  static const Value null;
  const Value *found = this;
  for (const std::string_view key : keys) {
    found = found->find(key);
    if (!found) return null;
  }
  return *found;
}

const std::vector<Value> &Value::items() const {
  static const std::vector<Value> none;
  return kind_ == Kind::array ? items_ : none;
}

const std::vector<Member> &Value::members() const {
  static const std::vector<Member> none;
  return kind_ == Kind::object ? members_ : none;
}

Value &Value::operator[](std::string_view key) {
  if (kind_ == Kind::null) *this = object();
  for (Member &member : members_)
    if (member.key == key) return member.value;
  members_.push_back({std::string(key), Value()});
  return members_.back().value;
}

Value &Value::push(Value item) {
  if (kind_ == Kind::null) *this = array();
  return items_.emplace_back(std::move(item));
}

void Value::erase(std::string_view key) {
  if (kind_ == Kind::object)
    std::erase_if(members_, [&](const Member &member) { return member.key == key; });
}

Value string(std::string_view text) {
  Value value(Kind::string);
  value.text_ = text;
  return value;
}

Value number(std::string_view text) {
  Value value(Kind::number);
  value.text_ = text;
  return value;
}

Value integer(std::int64_t value) { return number(std::to_string(value)); }

Value boolean(bool truth) {
  Value value(Kind::boolean);
  value.truth_ = truth;
  return value;
}

Value array() { return Value(Kind::array); }
Value object() { return Value(Kind::object); }

std::vector<const Member *> sorted(const std::vector<Member> &members) {
  std::vector<const Member *> all;
  all.reserve(members.size());
  for (const Member &member : members) all.push_back(&member);
  std::sort(all.begin(), all.end(), [](auto *a, auto *b) { return a->key < b->key; });
  return all;
}

} // namespace hello::json
