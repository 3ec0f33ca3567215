// A JSON value with a reader and a writer (RFC 8259), for events, requests, configurations and
// metadata. Values are plain data: copyable, no locks; distinct values may be used from distinct
// threads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace makeover {

class Json {
 public:
  using Array = std::vector<Json>;
  // Members keep the order in which they were written, so that equal input gives equal bytes.
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() = default;
  // Conversions are implicit on purpose: {"step", 10} reads better than {"step", Json(10)}.
  Json(bool value) : value_(value) {}                       // NOLINT(google-explicit-constructor)
  Json(int value) : value_(static_cast<int64_t>(value)) {}  // NOLINT(google-explicit-constructor)
  Json(int64_t value) : value_(value) {}                    // NOLINT(google-explicit-constructor)
  Json(double value) : value_(value) {}                     // NOLINT(google-explicit-constructor)
  Json(const char* value) : value_(std::string(value)) {}   // NOLINT(google-explicit-constructor)
  Json(std::string value) : value_(std::move(value)) {}     // NOLINT(google-explicit-constructor)
  // NOLINTNEXTLINE(google-explicit-constructor)
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(Array value) : value_(std::move(value)) {}   // NOLINT(google-explicit-constructor)
  Json(Object value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor)

  // Reads one value that fills `text` but for blanks. On bad input returns false, leaves *out alone
  // and says in *error what is wrong and at which byte. Nesting beyond 64 and numbers beyond a
  // double are refused; of a member named twice the text is refused too, since readers disagree
  // about its meaning.
  static bool Parse(std::string_view text, Json* out, std::string* error);

  // One line without blanks. NaN and infinities become null; bytes that are not UTF-8 become
  // U+FFFD.
  std::string Write() const;

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_integer() const { return std::holds_alternative<int64_t>(value_); }
  bool is_number() const { return is_integer() || std::holds_alternative<double>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }

  // REQUIRES: the value is of that kind (throws std::bad_variant_access otherwise). Number() takes
  // integers too.
  bool AsBool() const { return std::get<bool>(value_); }
  int64_t AsInteger() const { return std::get<int64_t>(value_); }
  double AsNumber() const;
  const std::string& AsString() const { return std::get<std::string>(value_); }
  const Array& AsArray() const { return std::get<Array>(value_); }
  const Object& AsObject() const { return std::get<Object>(value_); }

  // The member, or null where this is no object or has none of that name.
  const Json* Find(std::string_view key) const;
  // The member, or the fallback where it is absent or of another kind.
  std::string Text(std::string_view key, std::string_view fallback = "") const;
  double Number(std::string_view key, double fallback = 0) const;
  int64_t Integer(std::string_view key, int64_t fallback = 0) const;
  bool Bool(std::string_view key, bool fallback = false) const;

  // Sets a member (a null value becomes an object first); appends to an array.
  // REQUIRES: this is an object (array) or null.
  Json& Set(std::string_view key, Json value);
  Json& Append(Json value);

  friend bool operator==(const Json&, const Json&) = default;

 private:
  std::variant<std::monostate, bool, int64_t, double, std::string, Array, Object> value_;
};

}  // namespace makeover
