#include "client/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace makeover {
namespace {

constexpr int kColumnsMin = 10;

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Which characters take two columns, and which none: the main ranges of Unicode's
// EastAsianWidth.txt (W, F) and DerivedGeneralCategory.txt (Mn, Me, Cf).
struct Range {
  char32_t first;
  char32_t last;
};
constexpr std::array<Range, 11> kTwoColumns = {{{0x1100, 0x115F},
                                                {0x2E80, 0x303E},
                                                {0x3041, 0xA4CF},
                                                {0xAC00, 0xD7A3},
                                                {0xF900, 0xFAFF},
                                                {0xFE30, 0xFE6F},
                                                {0xFF00, 0xFF60},
                                                {0xFFE0, 0xFFE6},
                                                {0x1F300, 0x1F64F},
                                                {0x1F900, 0x1FAFF},
                                                {0x20000, 0x3FFFD}}};
constexpr std::array<Range, 6> kNoColumn = {{{0x0300, 0x036F},
                                             {0x1AB0, 0x1AFF},
                                             {0x200B, 0x200F},
                                             {0x20D0, 0x20FF},
                                             {0xFE00, 0xFE0F},
                                             {0xFE20, 0xFE2F}}};

template <size_t N>
bool IsIn(const std::array<Range, N>& ranges, char32_t c) {
  for (const Range& range : ranges) {
    if (c >= range.first && c <= range.last) return true;
  }
  return false;
}

// The bytes of the character at `at`, and the columns that it takes.
struct Character {
  size_t bytes;
  int columns;
};

Character CharacterAt(std::string_view text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() && end < at + 4 && IsContinuation(text[end])) ++end;
  const auto lead = static_cast<unsigned char>(text[at]);
  const size_t bytes = end - at;
  char32_t code = bytes == 1 ? lead : lead & (0x7F >> bytes);
  for (size_t i = at + 1; i < end; ++i)
    code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3F);
  return {bytes, IsIn(kTwoColumns, code) ? 2 : IsIn(kNoColumn, code) ? 0 : 1};
}

bool HasValue(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool IsDumb() {
  const char* term = std::getenv("TERM");
  return term == nullptr || std::string_view(term) == "dumb";
}

// The end of the escape sequence that begins at `at`.
size_t SkipEscape(std::string_view text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() && text[end] != 'm' && text[end] != 'K') ++end;
  return end < text.size() ? end + 1 : end;
}

// U+0080 to U+009F in UTF-8; U+009B begins an escape sequence as ESC [ does.
bool IsControlBeyondAscii(std::string_view bytes) {
  return bytes.size() == 2 && bytes[0] == '\xC2' && static_cast<unsigned char>(bytes[1]) < 0xA0 &&
         IsContinuation(bytes[1]);
}

template <size_t N>
bool Contains(const std::array<std::string_view, N>& words, std::string_view word) {
  for (const std::string_view one : words) {
    if (one == word) return true;
  }
  return false;
}

}  // namespace

Terminal DetectTerminal(int file_descriptor) {
  Terminal terminal;
  if (isatty(file_descriptor) == 0 || IsDumb()) return terminal;
  terminal.moving = true;
  terminal.colour = !HasValue("NO_COLOR");
  terminal.columns = TerminalColumns(file_descriptor, terminal.columns);
  return terminal;
}

int TerminalColumns(int file_descriptor, int otherwise) {
  winsize size{};
  if (ioctl(file_descriptor, TIOCGWINSZ, &size) != 0) return otherwise;
  return size.ws_col >= kColumnsMin ? size.ws_col : otherwise;
}

std::string Painter::State(std::string_view state) const {
  constexpr std::array<std::string_view, 6> kGood = {"SUCCEEDED", "READY",    "ACTIVE",
                                                     "converted", "finished", "succeeded"};
  constexpr std::array<std::string_view, 4> kBad = {"FAILED", "LOST", "failed", "lost"};
  constexpr std::array<std::string_view, 7> kWarning = {
      "HELD", "PAUSED", "CORDONED", "CANCELLING", "DRAINING", "DRAINED", "released"};
  constexpr std::array<std::string_view, 4> kBusy = {"RUNNING", "PREPARING", "IMPORTING",
                                                     "running"};
  if (Contains(kGood, state)) return Green(state);
  if (Contains(kBad, state)) return Red(state);
  if (Contains(kWarning, state)) return Yellow(state);
  if (Contains(kBusy, state)) return Cyan(state);
  return std::string(state);
}

std::string Painter::Wrap(const char* code, std::string_view text) const {
  if (!colour_ || text.empty()) return std::string(text);
  return absl::StrCat("\x1b[", code, "m", std::string(text), "\x1b[0m");
}

int DisplayWidth(std::string_view text) {
  int width = 0;
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '\x1b') {
      at = SkipEscape(text, at);
      continue;
    }
    const Character character = CharacterAt(text, at);
    width += character.columns;
    at += character.bytes;
  }
  return width;
}

std::string CutToWidth(std::string_view text, int columns) {
  if (columns < 1 || DisplayWidth(text) <= columns) return std::string(text);
  if (text.find('\x1b') != std::string_view::npos) return std::string(text);
  size_t end = 0;
  for (int width = 0; end < text.size();) {
    const Character character = CharacterAt(text, end);
    width += character.columns;
    if (width >= columns) break;
    end += character.bytes;
  }
  return absl::StrCat(std::string(text.substr(0, end)), "…");
}

std::string Harmless(std::string_view text) {
  std::string harmless;
  for (size_t at = 0; at < text.size(); ++at) {
    const auto code = static_cast<unsigned char>(text[at]);
    const bool ascii = (code < 0x20 && code != '\n' && code != '\t') || code == 0x7F;
    const bool beyond = IsControlBeyondAscii(text.substr(at, 2));
    harmless += ascii || beyond ? '?' : text[at];
    if (beyond) ++at;
  }
  return harmless;
}

std::string ValidUtf8(std::string_view text) {
  std::string valid;
  for (size_t at = 0; at < text.size();) {
    const size_t bytes = CharacterAt(text, at).bytes;
    const auto lead = static_cast<unsigned char>(text[at]);
    const size_t expected = lead < 0x80   ? 1
                            : lead < 0xC2 ? 0
                            : lead < 0xE0 ? 2
                            : lead < 0xF0 ? 3
                                          : 4;
    const bool whole = bytes == expected && lead < 0xF5;
    valid += whole ? std::string(text.substr(at, bytes)) : "?";
    at += bytes;
  }
  return valid;
}

}  // namespace makeover
