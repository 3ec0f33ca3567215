#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/outcome.h"

namespace makeover {

// A condition over the attributes of a picture, of which there are at most 64: bit i of a word is
// attribute i. A value; safe to share between threads while nobody assigns to it.
class Filter {
 public:
  // Matches every picture.
  Filter() = default;

  // REQUIRES: 0 <= bit < 64.
  static Filter Attribute(int bit);
  static Filter Not(Filter operand);
  static Filter And(Filter left, const Filter& right);
  static Filter Or(Filter left, const Filter& right);

  bool Matches(uint64_t attributes) const;

  // The attributes that it names: bit i for attribute i.
  uint64_t Named() const;

  // The same condition as an SQL boolean expression over an integer column, e.g. "((bits >> 2) &
  // 1)". `column` is written as it is: it must be a name, never the user's text.
  std::string ToSql(std::string_view column) const;

  bool MatchesEverything() const { return steps_.empty(); }

 private:
  enum class Op : uint8_t { kEverything, kAttribute, kNot, kAnd, kOr };
  struct Step {
    Op op;
    uint8_t bit;
  };

  static Filter Combine(Filter left, const Filter& right, Op op);
  std::vector<Step> StepsOrEverything() const;

  std::vector<Step> steps_;  // postfix; empty: everything
};

inline constexpr int kAttributesMax = 64;
inline constexpr int kFilterBytesMax = 4096;
inline constexpr int kFilterTermsMax = 256;
inline constexpr int kFilterDepthMax = 12;

// Parses an expression such as
//   attractive & !eyeglasses & (young | smiling)      male=false, blond hair      not male and
//   'black and white'
// `!` (also ~, not) binds before `&` (also , && and), and this before `|` (also ||, or). A name is
// compared without case, with blank, `-` and `_` alike; a name that holds an operator stands in
// quotes. `name=V` and `name!=V` take true, 1, yes, false, 0, no. An empty expression and `*` match
// every picture. Fails on a syntax error (the sentence names the column, counted from 1, and what
// was expected), on a name that `attribute_names` lacks (it names the nearest and lists all), and
// beyond the bounds above.
Outcome<Filter> ParseFilter(std::string_view expression,
                            const std::vector<std::string>& attribute_names);

// The position of a name, compared as ParseFilter does: an exact match first. Nothing if there is
// none.
std::optional<int> FindAttribute(std::string_view name,
                                 const std::vector<std::string>& attribute_names);

// Lower case, with runs of blanks, `-` and `_` turned into one `_`: the form in which names are
// compared.
std::string FoldName(std::string_view name);

// Up to three names that a user may have meant, the nearest first (edit distance of the folded
// forms).
std::vector<std::string> NearestNames(std::string_view name,
                                      const std::vector<std::string>& candidates);

// Who is turned into whom, as filter expressions.
struct FilterPair {
  std::string source;
  std::string target;
};

// The selections that deep-makeover published: "mtf", "ftm", "ftf", "mtm"; nothing for another
// name. Their cleaning (neither blurry nor with eyeglasses) is the default cleaning, see
// WithCleaning.
std::optional<FilterPair> PresetFilters(std::string_view name);

// `expression` and `!Blurry` and `!Eyeglasses`, each of the two only if the dataset has it.
std::string WithCleaning(std::string_view expression,
                         const std::vector<std::string>& attribute_names);

}  // namespace makeover
