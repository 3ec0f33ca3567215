#include "storage/face_tables.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <optional>
#include <unordered_set>

#include "storage/filter.h"

namespace makeover {
namespace {

constexpr char kDownloadAgain[] = "; the copy is damaged: download it again";

Problem ErrorIn(const std::string& path, size_t line, const std::string& what) {
  return Problem{path + ", line " + std::to_string(line) + ": " + what};
}

// A piece of the user's file that is short and printable enough for a sentence.
std::string Excerpt(std::string_view text) {
  std::string excerpt;
  for (const char c : text.substr(0, 40)) {
    excerpt += std::isprint(static_cast<unsigned char>(c)) != 0 ? c : '?';
  }
  return "\"" + excerpt + (text.size() > 40 ? "...\"" : "\"");
}

// Lines without their LF or CRLF.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  bool Next(std::string_view* line) {
    if (rest_.empty()) return false;
    const size_t end = rest_.find('\n');
    *line = rest_.substr(0, end);
    ended_ = end != std::string_view::npos;
    rest_.remove_prefix(ended_ ? end + 1 : rest_.size());
    if (!line->empty() && line->back() == '\r') line->remove_suffix(1);
    ++number_;
    return true;
  }

  size_t number() const { return number_; }  // of the line last read, from 1
  bool ended() const { return ended_; }      // whether that line had its line feed

 private:
  std::string_view rest_;
  size_t number_ = 0;
  bool ended_ = true;
};

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

std::string_view Trim(std::string_view cell) {
  while (!cell.empty() && IsBlank(cell.front())) cell.remove_prefix(1);
  while (!cell.empty() && IsBlank(cell.back())) cell.remove_suffix(1);
  if (cell.size() >= 2 && cell.front() == '"' && cell.back() == '"') {
    cell = cell.substr(1, cell.size() - 2);
  }
  return cell;
}

// Cuts a row at commas or at runs of blanks, into `cells`, whose memory is used again.
void Split(std::string_view line, bool csv, std::vector<std::string_view>* cells) {
  cells->clear();
  size_t at = 0;
  while (at <= line.size()) {
    if (!csv) {
      while (at < line.size() && IsBlank(line[at])) ++at;
      if (at == line.size()) return;
    }
    size_t end = at;
    while (end < line.size() && !(csv ? line[end] == ',' : IsBlank(line[end]))) ++end;
    cells->push_back(csv ? Trim(line.substr(at, end - at)) : line.substr(at, end - at));
    at = end + 1;
  }
}

std::optional<int64_t> Number(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

bool IsCsv(std::string_view first_line) { return first_line.find(',') != std::string_view::npos; }

bool LooksLikeWebPage(const std::string& text) {
  const size_t start = text.find_first_not_of(" \t\r\n");
  if (start != std::string::npos && text[start] == '<') return true;
  std::string head = text.substr(0, 1024);
  std::transform(head.begin(), head.end(), head.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return head.find("<html") != std::string::npos;
}

// Reads the rows below the header of an attribute file.
class AttributeReader {
 public:
  AttributeReader(const std::string& path, std::string_view text) : path_(path), lines_(text) {}

  Outcome<AttributeTable> Run() {
    std::string_view line;
    lines_.Next(&line);
    csv_ = IsCsv(line);
    std::optional<int64_t> count;
    if (!csv_) {
      count = Number(Trim(line));
      if (!count || *count < 0) {
        return Error("expected the number of pictures, found " + Excerpt(line) +
                     "; the first line of CelebA's attribute file is a count");
      }
      if (!lines_.Next(&line)) return Error("the names of the attributes are missing" + Damaged());
    }
    if (const std::string problem = ReadNames(line); !problem.empty()) return Error(problem);
    if (count) table_.rows.reserve(static_cast<size_t>(std::min<int64_t>(*count, 1 << 20)));
    while (lines_.Next(&line)) {
      if (const std::string problem = ReadRow(line); !problem.empty()) return Error(problem);
    }
    return CheckCount(count);
  }

 private:
  static std::string Damaged() { return kDownloadAgain; }
  Problem Error(const std::string& what) const { return ErrorIn(path_, lines_.number(), what); }

  std::string ReadNames(std::string_view line) {
    Split(line, csv_, &cells_);
    if (csv_ && !cells_.empty()) cells_.erase(cells_.begin());  // "image_id" or nothing
    if (cells_.empty()) return "the names of the attributes are missing" + Damaged();
    if (cells_.size() > kAttributesMax) {
      return std::to_string(cells_.size()) + " attributes; at most " +
             std::to_string(kAttributesMax) +
             " can be stored: remove the columns that no filter needs";
    }
    std::unordered_set<std::string> seen;
    for (const std::string_view cell : cells_) {
      std::string name(cell);
      std::replace_if(name.begin(), name.end(), IsBlank, '_');
      if (name.empty()) return "an attribute has no name";
      if (Number(name)) return "expected names of attributes, found the number " + name;
      if (!seen.insert(FoldName(name)).second)
        return "the attribute " + Excerpt(name) + " stands twice";
      table_.names.push_back(std::move(name));
    }
    return "";
  }

  // The problem with the row, or nothing.
  std::string ReadRow(std::string_view line) {
    Split(line, csv_, &cells_);
    if (cells_.empty() || (cells_.size() == 1 && cells_[0].empty())) return "";
    if (cells_.size() != table_.names.size() + 1) {
      const bool cut = !lines_.ended() && cells_.size() <= table_.names.size();
      return "expected " + std::to_string(table_.names.size()) + " values after the name, found " +
             std::to_string(cells_.size() - 1) +
             (cut ? "; the last row is cut off" + Damaged() : std::string("; correct the row"));
    }
    uint64_t bits = 0;
    for (size_t i = 1; i < cells_.size(); ++i) {
      const std::string_view cell = cells_[i];
      if (cell == "1") {
        bits |= uint64_t{1} << (i - 1);
      } else if (cell != "-1" && cell != "0") {
        return "expected 1, -1 or 0 for " + table_.names[i - 1] + ", found " + Excerpt(cell);
      }
    }
    table_.rows.emplace_back(cells_[0], bits);
    return "";
  }

  Outcome<AttributeTable> CheckCount(std::optional<int64_t> count) {
    const size_t rows = table_.rows.size();
    if (rows == 0) return Error("there are names of attributes but no rows" + Damaged());
    if (!count || static_cast<size_t>(*count) == rows) return std::move(table_);
    const std::string numbers = path_ + ": the first line says " + std::to_string(*count) +
                                " pictures, but " + std::to_string(rows) + " rows follow; ";
    if (rows < static_cast<size_t>(*count)) {
      return Problem{numbers +
                     "the file is truncated: download it again, or write the true number "
                     "into the first line if you shortened it yourself"};
    }
    return Problem{numbers + "write the true number into the first line"};
  }

  const std::string& path_;
  Lines lines_;
  bool csv_ = false;
  AttributeTable table_;
  std::vector<std::string_view> cells_;
};

}  // namespace

Outcome<std::string> ReadTableText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.is_open() || file.bad()) {
    return Problem{path + " cannot be read; check its permissions"};
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    return Problem{path + " is empty" + kDownloadAgain};
  }
  if (LooksLikeWebPage(text)) {
    return Problem{path +
                   " is a web page (HTML), not a table: the download went wrong; download it "
                   "again with a browser, since the server asks for a confirmation"};
  }
  if (text.find('\0') != std::string::npos) {
    return Problem{path + " is not a text file" + kDownloadAgain};
  }
  return text;
}

Outcome<AttributeTable> ParseAttributeTable(const std::string& path, std::string_view text) {
  return AttributeReader(path, text).Run();
}

Outcome<NumberTable> ParseNumberTable(const std::string& path, std::string_view text,
                                      int32_t value_max) {
  NumberTable table;
  Lines lines(text);
  std::vector<std::string_view> cells;
  std::string_view line;
  bool csv = false;
  while (lines.Next(&line)) {
    if (lines.number() == 1) csv = IsCsv(line);
    Split(line, csv, &cells);
    if (cells.empty() || (cells.size() == 1 && cells[0].empty())) continue;
    if (cells.size() != 2) {
      return ErrorIn(path, lines.number(),
                     "expected the name of a picture and a number, found " + Excerpt(line) +
                         (lines.ended() ? "; correct the row" : kDownloadAgain));
    }
    const std::optional<int64_t> value = Number(cells[1]);
    if (csv && lines.number() == 1 && !value) continue;  // the header
    if (!value || *value < 0 || *value > value_max) {
      return ErrorIn(path, lines.number(),
                     "expected a number from 0 to " + std::to_string(value_max) + ", found " +
                         Excerpt(cells[1]));
    }
    table.rows.emplace_back(cells[0], static_cast<int32_t>(*value));
  }
  return table;
}

}  // namespace makeover
