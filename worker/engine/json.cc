#include "worker/engine/json.h"

#include <charconv>
#include <cmath>
#include <unordered_set>

#include "worker/engine/utf8.h"

namespace makeover {
namespace {

constexpr int kNestingMax = 64;

// A recursive descent over the text; every Read method returns false after setting error_.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool ReadAll(Json* out) {
    if (!ReadValue(out, 0)) return false;
    SkipBlanks();
    return at_ == text_.size() || Fail("unexpected text after the value");
  }

  const std::string& error() const { return error_; }

 private:
  bool Fail(std::string_view what) {
    error_ = std::string(what) + " at byte " + std::to_string(at_);
    return false;
  }

  void SkipBlanks() {
    while (at_ < text_.size() &&
           std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
      ++at_;
  }

  bool Take(char c) {
    SkipBlanks();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool ReadValue(Json* out, int depth) {
    if (depth > kNestingMax) return Fail("nested too deeply");
    SkipBlanks();
    if (at_ >= text_.size()) return Fail("the text ends where a value is expected");
    switch (text_[at_]) {
      case '{':
        return ReadObject(out, depth);
      case '[':
        return ReadArray(out, depth);
      case '"': {
        std::string text;
        if (!ReadString(&text)) return false;
        *out = Json(std::move(text));
        return true;
      }
      case 't':
        return ReadWord("true", Json(true), out);
      case 'f':
        return ReadWord("false", Json(false), out);
      case 'n':
        return ReadWord("null", Json(), out);
      default:
        return ReadNumber(out);
    }
  }

  bool ReadWord(std::string_view word, Json value, Json* out) {
    if (text_.substr(at_, word.size()) != word) return Fail("unknown word");
    at_ += word.size();
    *out = std::move(value);
    return true;
  }

  bool ReadObject(Json* out, int depth) {
    ++at_;
    Json::Object members;
    std::unordered_set<std::string> names;
    if (!Take('}')) {
      do {
        SkipBlanks();
        std::string key;
        if (at_ >= text_.size() || text_[at_] != '"') return Fail("expected a member's name");
        if (!ReadString(&key)) return false;
        if (!names.insert(key).second) return Fail("the member '" + key + "' is there twice");
        if (!Take(':')) return Fail("expected ':'");
        Json value;
        if (!ReadValue(&value, depth + 1)) return false;
        members.emplace_back(std::move(key), std::move(value));
      } while (Take(','));
      if (!Take('}')) return Fail("expected ',' or '}'");
    }
    *out = Json(std::move(members));
    return true;
  }

  bool ReadArray(Json* out, int depth) {
    ++at_;
    Json::Array values;
    if (!Take(']')) {
      do {
        values.emplace_back();
        if (!ReadValue(&values.back(), depth + 1)) return false;
      } while (Take(','));
      if (!Take(']')) return Fail("expected ',' or ']'");
    }
    *out = Json(std::move(values));
    return true;
  }

  bool Digits() {
    const size_t begin = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    return at_ > begin;
  }

  bool TakeNow(std::string_view any) {
    if (at_ >= text_.size() || any.find(text_[at_]) == std::string_view::npos) return false;
    ++at_;
    return true;
  }

  bool ReadNumber(Json* out) {
    const size_t begin = at_;
    TakeNow("-");
    const size_t digits = at_;
    if (!Digits()) return Fail("expected a value");
    if (text_[digits] == '0' && at_ > digits + 1) return Fail("a number begins with a needless 0");
    bool whole = true;
    if (TakeNow(".")) {
      whole = false;
      if (!Digits()) return Fail("expected digits after the point");
    }
    if (TakeNow("eE")) {
      whole = false;
      TakeNow("+-");
      if (!Digits()) return Fail("expected digits in the exponent");
    }
    return Convert(text_.substr(begin, at_ - begin), whole, out);
  }

  bool Convert(std::string_view digits, bool whole, Json* out) {
    const char* end = digits.data() + digits.size();
    int64_t integer = 0;
    if (whole && std::from_chars(digits.data(), end, integer).ec == std::errc()) {
      *out = Json(integer);
      return true;
    }
    double number = 0;
    if (std::from_chars(digits.data(), end, number).ec != std::errc())
      return Fail("a number is out of range");
    *out = Json(number);
    return true;
  }

  bool ReadString(std::string* out) {
    ++at_;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return true;
      }
      if (static_cast<unsigned char>(c) < 0x20) return Fail("a control character in a string");
      ++at_;
      if (c != '\\') {
        *out += c;
      } else if (!ReadEscape(out)) {
        return false;
      }
    }
    return Fail("a string does not end");
  }

  bool ReadEscape(std::string* out) {
    if (at_ >= text_.size()) return Fail("a string does not end");
    static constexpr std::string_view kNames = "\"\\/bfnrt";
    static constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
    const char c = text_[at_++];
    if (const size_t i = kNames.find(c); i != std::string_view::npos) {
      *out += kValues[i];
      return true;
    }
    return c == 'u' ? ReadUnicode(out) : Fail("an unknown escape");
  }

  bool ReadUnicode(std::string* out) {
    uint32_t code = 0;
    if (!ReadHex(&code)) return false;
    if (code >= 0xD800 && code < 0xDC00) {  // The first half of a surrogate pair.
      uint32_t low = 0;
      if (text_.substr(at_, 2) != "\\u") return Fail("half of a surrogate pair");
      at_ += 2;
      if (!ReadHex(&low)) return false;
      if (low < 0xDC00 || low >= 0xE000) return Fail("half of a surrogate pair");
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code < 0xE000) {
      return Fail("half of a surrogate pair");
    }
    engine::AppendUtf8(code, out);
    return true;
  }

  bool ReadHex(uint32_t* code) {
    if (at_ + 4 > text_.size()) return Fail("\\u needs four digits");
    const char* begin = text_.data() + at_;
    if (std::from_chars(begin, begin + 4, *code, 16).ptr != begin + 4)
      return Fail("\\u needs four digits");
    at_ += 4;
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string error_;
};

void WriteEscaped(std::string_view text, std::string* out) {
  static constexpr char kHex[] = "0123456789abcdef";
  *out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      *out += '\\';
      *out += c;
    } else if (c == '\n') {
      *out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      *out += "\\u00";
      *out += kHex[(c >> 4) & 15];
      *out += kHex[c & 15];
    } else {
      *out += c;
    }
  }
  *out += '"';
}

void WriteNumber(double value, std::string* out) {
  if (!std::isfinite(value)) {
    *out += "null";
    return;
  }
  char buffer[32];
  *out +=
      std::string_view(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr - buffer);
}

void WriteValue(const Json& json, std::string* out) {
  if (json.is_null()) {
    *out += "null";
  } else if (json.is_bool()) {
    *out += json.AsBool() ? "true" : "false";
  } else if (json.is_integer()) {
    *out += std::to_string(json.AsInteger());
  } else if (json.is_number()) {
    WriteNumber(json.AsNumber(), out);
  } else if (json.is_string()) {
    WriteEscaped(engine::ValidUtf8(json.AsString()), out);
  } else if (json.is_array()) {
    *out += '[';
    for (const Json& value : json.AsArray()) {
      if (&value != &json.AsArray().front()) *out += ',';
      WriteValue(value, out);
    }
    *out += ']';
  } else {
    *out += '{';
    for (const auto& [key, value] : json.AsObject()) {
      if (&value != &json.AsObject().front().second) *out += ',';
      WriteEscaped(engine::ValidUtf8(key), out);
      *out += ':';
      WriteValue(value, out);
    }
    *out += '}';
  }
}

}  // namespace

bool Json::Parse(std::string_view text, Json* out, std::string* error) {
  Reader reader(text);
  Json value;
  if (!reader.ReadAll(&value)) {
    *error = reader.error();
    return false;
  }
  *out = std::move(value);
  return true;
}

std::string Json::Write() const {
  std::string out;
  WriteValue(*this, &out);
  return out;
}

double Json::AsNumber() const {
  return is_integer() ? static_cast<double>(std::get<int64_t>(value_)) : std::get<double>(value_);
}

const Json* Json::Find(std::string_view key) const {
  if (!is_object()) return nullptr;
  for (const auto& [name, value] : AsObject()) {
    if (name == key) return &value;
  }
  return nullptr;
}

std::string Json::Text(std::string_view key, std::string_view fallback) const {
  const Json* value = Find(key);
  return std::string(value != nullptr && value->is_string() ? value->AsString() : fallback);
}

double Json::Number(std::string_view key, double fallback) const {
  const Json* value = Find(key);
  return value != nullptr && value->is_number() ? value->AsNumber() : fallback;
}

int64_t Json::Integer(std::string_view key, int64_t fallback) const {
  const Json* value = Find(key);
  return value != nullptr && value->is_integer() ? value->AsInteger() : fallback;
}

bool Json::Bool(std::string_view key, bool fallback) const {
  const Json* value = Find(key);
  return value != nullptr && value->is_bool() ? value->AsBool() : fallback;
}

Json& Json::Set(std::string_view key, Json value) {
  if (is_null()) value_ = Object();
  for (auto& [name, old] : std::get<Object>(value_)) {
    if (name == key) {
      old = std::move(value);
      return *this;
    }
  }
  std::get<Object>(value_).emplace_back(std::string(key), std::move(value));
  return *this;
}

Json& Json::Append(Json value) {
  if (is_null()) value_ = Array();
  std::get<Array>(value_).push_back(std::move(value));
  return *this;
}

}  // namespace makeover
