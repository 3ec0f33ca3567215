#include "worker/mkengine/index.h"

#include <charconv>
#include <string_view>

#include "worker/engine/error.h"
#include "worker/engine/file.h"

namespace makeover {
namespace {

using engine::EngineError;
using engine::ErrorClass;

// Lines of a text, with what is needed to complain about one.
class Lines {
 public:
  explicit Lines(const std::string& path)
      : path_(path), text_(engine::ReadFile(path)), rest_(text_) {}

  bool Next(std::string_view* line) {
    if (rest_.empty()) return false;
    const size_t end = rest_.find('\n');
    *line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    ++number_;
    return true;
  }

  [[noreturn]] void Refuse(const std::string& why) const {
    throw EngineError(ErrorClass::kUser, "bad_index",
                      path_ + ", line " + std::to_string(number_) + ": " + why + ".",
                      "Make the file again.");
  }

 private:
  std::string path_;
  std::string text_;
  std::string_view rest_;
  int64_t number_ = 0;
};

std::string_view TakeWord(std::string_view* line) {
  const size_t end = line->find(' ');
  const std::string_view word = line->substr(0, end);
  line->remove_prefix(end == std::string_view::npos ? line->size() : end + 1);
  return word;
}

template <typename Number>
Number TakeNumber(const Lines& lines, std::string_view* line, int base = 10) {
  const std::string_view word = TakeWord(line);
  Number number{};
  const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), number, base);
  if (word.empty() || error != std::errc() || stop != word.data() + word.size()) {
    lines.Refuse("'" + std::string(word) + "' is no number");
  }
  return number;
}

IndexRow ReadRow(const Lines& lines, std::string_view line, int64_t shards) {
  IndexRow row;
  row.shard = TakeNumber<int64_t>(lines, &line);
  row.offset = TakeNumber<int64_t>(lines, &line);
  row.size = TakeNumber<int64_t>(lines, &line);
  row.attributes = TakeNumber<uint64_t>(lines, &line, 16);
  row.partition = TakeNumber<int>(lines, &line);
  row.identity = TakeNumber<int64_t>(lines, &line);
  row.name = std::string(line);
  if (row.shard < 0 || row.shard >= shards)
    lines.Refuse("there is no shard " + std::to_string(row.shard));
  if (row.offset < 0 || row.size < 0 || row.name.empty()) lines.Refuse("it is no row");
  return row;
}

}  // namespace

DatasetIndex ReadIndex(const std::string& path) {
  Lines lines(path);
  std::string_view line;
  DatasetIndex index;
  if (!lines.Next(&line) || TakeWord(&line) != "makeover-index") lines.Refuse("this is no index");
  if (TakeNumber<int64_t>(lines, &line) != 1) lines.Refuse("this version of the format is unknown");
  const auto rows = TakeNumber<int64_t>(lines, &line);
  const auto shards = TakeNumber<int64_t>(lines, &line);
  while (!line.empty()) index.attributes.emplace_back(TakeWord(&line));
  for (int64_t i = 0; i < shards; ++i) {
    if (!lines.Next(&line)) lines.Refuse("the file ends before its last shard");
    if (line.empty() || line.find('/') != std::string_view::npos) lines.Refuse("it names no shard");
    index.shards.emplace_back(line);
  }
  for (int64_t i = 0; i < rows; ++i) {
    if (!lines.Next(&line)) lines.Refuse("the file ends before its last row");
    index.rows.push_back(ReadRow(lines, line, shards));
  }
  if (lines.Next(&line)) lines.Refuse("there are more rows than the first line says");
  return index;
}

std::vector<int64_t> ReadRows(const std::string& path) {
  Lines lines(path);
  std::vector<int64_t> rows;
  std::string_view line;
  while (lines.Next(&line)) {
    rows.push_back(TakeNumber<int64_t>(lines, &line));
    if (rows.back() < 0) lines.Refuse("a row is negative");
  }
  return rows;
}

}  // namespace makeover
