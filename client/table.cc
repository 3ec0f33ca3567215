#include "client/table.h"

#include <algorithm>
#include <numeric>

namespace makeover {
namespace {

constexpr int kGap = 2;
constexpr int kColumnMin = 10;  // a column that shrinks keeps so much

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

void Table::Shrink(std::vector<int>& widths, int columns) const {
  const int gaps = kGap * static_cast<int>(widths.size() - 1);
  int excess = std::accumulate(widths.begin(), widths.end(), gaps) - columns;
  for (size_t i = 0; i < widths.size(); ++i) {
    if (!columns_[i].shrinks || excess <= 0) continue;
    const int narrow = std::max(std::min(widths[i], kColumnMin), widths[i] - excess);
    excess -= std::exchange(widths[i], narrow) - narrow;
  }
}

std::string Table::ToString(const Painter& painter) const {
  std::vector<int> widths = Widths();
  if (painter.columns() > 0) Shrink(widths, painter.columns());
  std::string text;
  const auto append = [&](auto cell_of) {
    std::string line;
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) line.append(size_t{kGap}, ' ');
      AppendCell(line, cell_of(i), widths[i], columns_[i].align);
    }
    TrimRight(line);
    text += line + "\n";
  };
  append([&](size_t i) { return painter.Bold(columns_[i].heading); });
  for (const auto& row : rows_) {
    append([&](size_t i) { return columns_[i].shrinks ? CutToWidth(row[i], widths[i]) : row[i]; });
  }
  return text;
}

void KeyValues::Add(std::string key, std::string value) {
  if (!value.empty()) lines_.emplace_back(std::move(key), std::move(value));
}

std::string KeyValues::ToString(const Painter& painter) const {
  int width = 0;
  for (const auto& [key, value] : lines_) width = std::max(width, DisplayWidth(key) + 1);
  const std::string indent = Blanks(width + kGap);
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
