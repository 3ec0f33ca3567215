#pragma once

#include <string>
#include <utility>
#include <vector>

#include "client/terminal.h"

namespace makeover {

// Columns of text under headings, aligned by what a terminal shows.
class Table {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string heading;
    Align align = Align::kLeft;
    bool shrinks = false;  // cut where the painter's columns are too few; for text without colours
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // A row shorter than the headings is filled up with blanks.
  void AddRow(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }

  // Each line ends with a newline and has no blanks at its end.
  std::string ToString(const Painter& painter) const;

 private:
  std::vector<int> Widths() const;
  void Shrink(std::vector<int>& widths, int columns) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// Lines "Name:   value", the values below each other; a value of several lines is indented.
class KeyValues {
 public:
  // An empty value is left out.
  void Add(std::string key, std::string value);
  std::string ToString(const Painter& painter) const;

 private:
  std::vector<std::pair<std::string, std::string>> lines_;
};

}  // namespace makeover
