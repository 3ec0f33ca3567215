#include "client/table.h"

#include <algorithm>

namespace makeover {
namespace {

constexpr size_t kGap = 2;

std::string Blanks(int count) { return std::string(static_cast<size_t>(std::max(0, count)), ' '); }

void TrimRight(std::string& line) { line.erase(line.find_last_not_of(' ') + 1); }

void AppendCell(std::string& line, const std::string& cell, int width, Table::Align align) {
  const std::string padding = Blanks(width - DisplayWidth(cell));
  if (align == Table::Align::kRight) line += padding;
  line += cell;
  if (align == Table::Align::kLeft) line += padding;
}

}  // namespace

void Table::AddRow(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

std::vector<int> Table::Widths() const {
  std::vector<int> widths;
  for (const Column& column : columns_) widths.push_back(DisplayWidth(column.heading));
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], DisplayWidth(row[i]));
  }
  return widths;
}

std::string Table::ToString(const Painter& painter) const {
  const std::vector<int> widths = Widths();
  std::string text;
  const auto append = [&](auto cell_of) {
    std::string line;
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) line.append(kGap, ' ');
      AppendCell(line, cell_of(i), widths[i], columns_[i].align);
    }
    TrimRight(line);
    text += line + "\n";
  };
  append([&](size_t i) { return painter.Bold(columns_[i].heading); });
  for (const auto& row : rows_) append([&](size_t i) { return row[i]; });
  return text;
}

void KeyValues::Add(std::string key, std::string value) {
  if (!value.empty()) lines_.emplace_back(std::move(key), std::move(value));
}

std::string KeyValues::ToString(const Painter& painter) const {
  int width = 0;
  for (const auto& [key, value] : lines_) width = std::max(width, DisplayWidth(key) + 1);
  const std::string indent = Blanks(width + static_cast<int>(kGap));
  std::string text;
  for (const auto& [key, value] : lines_) {
    std::string line = painter.Bold(key + ":") + Blanks(width - DisplayWidth(key) - 1 + kGap);
    for (const char c : value) {
      line += c;
      if (c == '\n') line += indent;
    }
    text += line + "\n";
  }
  return text;
}

}  // namespace makeover
