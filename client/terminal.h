#pragma once

#include <string>
#include <string_view>

namespace makeover {

// What a stream can show.
struct Terminal {
  bool moving = false;  // lines may be rewritten
  bool colour = false;
  int columns = 80;
};

// Colours and moving lines on a terminal only; NO_COLOR (https://no-color.org) and TERM=dumb are
// heard.
Terminal DetectTerminal(int file_descriptor);

// The columns that a terminal has now; `otherwise` if it is none.
int TerminalColumns(int file_descriptor, int otherwise);

// Wraps text in ANSI colours, or leaves it as it is.
class Painter {
 public:
  explicit Painter(bool colour, int columns = 0) : colour_(colour), columns_(columns) {}

  // As wide as lines should be; 0: as they come.
  int columns() const { return columns_; }

  std::string Bold(std::string_view text) const { return Wrap("1", text); }
  std::string Dim(std::string_view text) const { return Wrap("2", text); }
  std::string Red(std::string_view text) const { return Wrap("31", text); }
  std::string Green(std::string_view text) const { return Wrap("32", text); }
  std::string Yellow(std::string_view text) const { return Wrap("33", text); }
  std::string Blue(std::string_view text) const { return Wrap("34", text); }
  std::string Cyan(std::string_view text) const { return Wrap("36", text); }

  // The colour of a state's name: RUNNING, SUCCEEDED, FAILED, READY, LOST, ...
  std::string State(std::string_view state) const;

 private:
  std::string Wrap(const char* code, std::string_view text) const;

  bool colour_;
  int columns_;
};

// Columns that a text in UTF-8 takes, East Asian ones two, accents none; escape sequences are not
// counted.
int DisplayWidth(std::string_view text);

// At most `columns` wide, with an ellipsis where it was cut. Text with escape sequences is left
// whole.
std::string CutToWidth(std::string_view text, int columns);

// Control characters, which could move a terminal's cursor, become '?', those beyond ASCII too. For
// text that came from elsewhere.
std::string Harmless(std::string_view text);

// What is not UTF-8 becomes '?'.
std::string ValidUtf8(std::string_view text);

}  // namespace makeover
