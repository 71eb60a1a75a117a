#pragma once
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

/// JSON (RFC 8259): one bounded reader, one value, one writer, one escaper of strings.
namespace hello::json {

enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

struct Member;

/// One value. Numbers keep their text exactly as received. Copies are deep, moves are cheap.
class Value {
public:
  Value() noexcept {} // null
  Value(const Value &other);
  Value(Value &&other) noexcept;
  Value &operator=(Value other) noexcept;
  ~Value();

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::null; }
  bool is_string() const { return kind_ == Kind::string; }
  bool is_array() const { return kind_ == Kind::array; }
  bool is_object() const { return kind_ == Kind::object; }

  /// Of a string or a number; "" for anything else.
  std::string_view text() const;
  bool boolean(bool fallback = false) const;
  /// Of a number or a string that is a whole number within 64 bits.
  std::int64_t number(std::int64_t fallback = 0) const;

  /// The member's value, or null where there is none: absent is not the same as a JSON null.
  const Value *find(std::string_view key) const;
  /// The value below by these keys; a null value where something is missing on the way.
  const Value &at(std::initializer_list<std::string_view> keys) const;
  template <class... Keys> const Value &at(std::string_view key, Keys... more) const {
    return at({key, std::string_view(more)...});
  }
  /// text() of at().
  template <class... Keys> std::string text(std::string_view key, Keys... more) const {
    return std::string(at({key, std::string_view(more)...}).text());
  }

  /// Empty for anything but an array.
  const std::vector<Value> &items() const;
  /// In order of the source; empty for anything but an object.
  const std::vector<Member> &members() const;

  // Building

  /// The member's value, made if there is none; a null becomes an object. The value must be an
  /// object or null.
  Value &operator[](std::string_view key);
  /// Adds an item; a null becomes an array. The value must be an array or null.
  Value &push(Value item);
  /// Removes a member, if there is one.
  void erase(std::string_view key);

private:
  friend class Reader;
  friend Value string(std::string_view text);
  friend Value number(std::string_view text);
  friend Value boolean(bool truth);
  friend Value array();
  friend Value object();
  explicit Value(Kind kind);

  Kind kind_ = Kind::null;
  bool truth_ = false;
  union {
    std::string text_; ///< of a string or a number
    std::vector<Value> items_;
    std::vector<Member> members_;
  };
};

struct Member {
  std::string key;
  Value value;
};

Value string(std::string_view text);
/// `text` must be a JSON number.
Value number(std::string_view text);
Value integer(std::int64_t value);
Value boolean(bool truth);
Value array();
Value object();

/// Bounds of one text.
struct Limits {
  std::size_t bytes = 256 << 20;
  std::size_t depth = 200;
  std::size_t values = 5'000'000;
  std::string_view without = {}; ///< value() leaves out members with this key
};

/// Reads a text value by value, so that a long list needs no tree of its own. Every method throws
/// Error(Exit::invalid) with `name:line:column` and the reason if the text is not JSON, has a
/// duplicate key, invalid UTF-8, or is past the limits. An escaped lone surrogate becomes U+FFFD.
///
///     if (reader.enter(Kind::object))
///       for (std::string_view key; reader.next(key);)
///         if (key == "kind") kind = reader.text(); else reader.skip();
class Reader {
public:
  /// `text` and `name` must outlive the reader.
  Reader(std::string_view text, std::string_view name, const Limits &limits = {});

  /// Kind of the next value.
  Kind peek();
  /// Enters the next value if it is of this kind (array or object); passes over it otherwise.
  bool enter(Kind kind);
  /// In an object: the next member's key, after which its value must be read. Returns false past
  /// the last one. `key` is valid until the next call. Duplicate keys are found by value() only.
  bool next(std::string_view &key);
  /// In an array: whether another item follows, which must then be read.
  bool next();

  Value value();
  /// Of a string or a number; passes over anything else and returns "".
  std::string text();
  void skip();
  /// Throws if anything but blanks is left.
  void end();

private:
  [[noreturn]] void fail(std::string_view why) const;
  char look();
  void expect(char c);
  bool more(char close);
  void count();
  std::string_view word();
  std::string_view digits();
  std::string_view quoted(std::string &buffer);
  void escape(std::string &buffer);
  unsigned hex();
  void members(std::vector<Member> &all);

  std::string_view text_, name_;
  Limits limits_;
  std::size_t at_ = 0, depth_ = 0, values_ = 0;
  bool first_ = false; ///< nothing was read yet of the array or object that was entered last
  std::string key_;
};

/// The whole text as one value; throws as Reader does.
Value parse(std::string_view text, std::string_view name, const Limits &limits = {});

enum class Style {
  compact,  ///< {"a":1,"b":2}
  spaced,   ///< {"a": 1, "b": 2}
  indented, ///< one member or item a line, two blanks a level
  lines     ///< compact, but each item of the outermost array on a line of its own
};

/// Appends JSON to a text that it borrows. Calls must nest correctly; nothing checks it.
class Writer {
public:
  explicit Writer(std::string &out, Style style = Style::compact) : out_(out), style_(style) {}

  Writer &begin_object() { return begin('{'); }
  Writer &end_object() { return end('}'); }
  Writer &begin_array() { return begin('['); }
  Writer &end_array() { return end(']'); }
  Writer &key(std::string_view key);
  Writer &string(std::string_view text);
  Writer &number(std::int64_t value);
  Writer &boolean(bool truth) { return raw(truth ? "true" : "false"); }
  Writer &null() { return raw("null"); }
  /// JSON that was written before, or the text of a number.
  Writer &raw(std::string_view json);
  Writer &value(const Value &value);

private:
  Writer &begin(char open);
  Writer &end(char close);
  void separate();
  void line();

  std::string &out_;
  Style style_;
  std::size_t depth_ = 0;
  bool first_ = true, after_key_ = false;
};

/// Appends `text` in quotes. Bytes that are not UTF-8 become U+FFFD; control characters (DEL and C1
/// too), line and paragraph separators, U+FEFF and noncharacters are escaped.
void quote(std::string &out, std::string_view text);

/// As quote(), for lines that people read: controls of writing direction are escaped too. quote()
/// must keep them, because digests of releases are made with it.
void quote_visible(std::string &out, std::string_view text);

/// The value as text; members in the order of the source.
std::string to_text(const Value &value, Style style = Style::compact);

/// One line without blanks, sorted by key, numbers in one form: equal texts, equal values. Digests
/// of releases are made of it, so its bytes never change.
std::string canonical(const Value &value);

/// canonical(), with `<`, `>` and `&` escaped: byte for byte as the API server writes a history
/// entry again. Source: Go, encoding/json
std::string as_go(const Value &value);

} // namespace hello::json
