#include "storage/filter.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <utility>

namespace makeover {

std::vector<Filter::Step> Filter::StepsOrEverything() const {
  if (!steps_.empty()) return steps_;
  return {Step{Op::kEverything, 0}};
}

Filter Filter::Combine(Filter left, const Filter& right, Op op) {
  Filter result;
  result.steps_ = left.StepsOrEverything();
  const std::vector<Step> more = right.StepsOrEverything();
  result.steps_.insert(result.steps_.end(), more.begin(), more.end());
  result.steps_.push_back(Step{op, 0});
  return result;
}

Filter Filter::Attribute(int bit) {
  Filter result;
  result.steps_.push_back(Step{Op::kAttribute, static_cast<uint8_t>(bit)});
  return result;
}

Filter Filter::Not(Filter operand) {
  operand.steps_ = operand.StepsOrEverything();
  operand.steps_.push_back(Step{Op::kNot, 0});
  return operand;
}

Filter Filter::And(Filter left, const Filter& right) {
  if (right.MatchesEverything()) return left;
  if (left.MatchesEverything()) return right;
  return Combine(std::move(left), right, Op::kAnd);
}

Filter Filter::Or(Filter left, const Filter& right) {
  return Combine(std::move(left), right, Op::kOr);
}

// The stack of truth values is one word, its top the lowest bit: the parser's bound on depth keeps
// it under 64.
bool Filter::Matches(uint64_t attributes) const {
  if (steps_.empty()) return true;
  uint64_t stack = 0;
  for (const Step step : steps_) {
    switch (step.op) {
      case Op::kEverything:
        stack = stack << 1 | 1;
        break;
      case Op::kAttribute:
        stack = stack << 1 | (attributes >> step.bit & 1);
        break;
      case Op::kNot:
        stack ^= 1;
        break;
      case Op::kAnd:
        stack = (stack >> 1) & (stack | ~uint64_t{1});
        break;
      case Op::kOr:
        stack = (stack >> 1) | (stack & 1);
        break;
    }
  }
  return (stack & 1) != 0;
}

uint64_t Filter::Named() const {
  uint64_t named = 0;
  for (const Step step : steps_) {
    if (step.op == Op::kAttribute) named |= uint64_t{1} << step.bit;
  }
  return named;
}

// Shifting keeps clear of the sign of bit 63, which SQLite's integers have and its literals do not.
// Parentheses stand only where they must: SQLite's parser has a stack of 100 symbols.
std::string Filter::ToSql(std::string_view column) const {
  struct Term {
    std::string sql;
    Op op;  // the outermost
  };
  const auto inside = [](Term term, Op outer) {
    const bool looser = (outer == Op::kAnd && term.op == Op::kOr) ||
                        (outer == Op::kNot && (term.op == Op::kOr || term.op == Op::kAnd));
    return looser ? "(" + term.sql + ")" : std::move(term.sql);
  };
  std::vector<Term> stack;
  for (const Step step : StepsOrEverything()) {
    if (step.op == Op::kEverything) {
      stack.push_back({"1", step.op});
    } else if (step.op == Op::kAttribute) {
      stack.push_back({std::string(column) + " >> " + std::to_string(step.bit) + " & 1", step.op});
    } else if (step.op == Op::kNot) {
      stack.back() = {"NOT " + inside(std::move(stack.back()), step.op), step.op};
    } else {
      const std::string right = inside(std::move(stack.back()), step.op);
      stack.pop_back();
      const char* const joint = step.op == Op::kAnd ? " AND " : " OR ";
      stack.back() = {inside(std::move(stack.back()), step.op) + joint + right, step.op};
    }
  }
  return "(" + stack.back().sql + ")";
}

std::optional<FilterPair> PresetFilters(std::string_view name) {
  if (name == "mtf") return FilterPair{"male", "!male & attractive"};
  if (name == "ftm") {
    return FilterPair{"!male", "male & attractive & no_beard & !goatee & !mustache"};
  }
  if (name == "ftf") return FilterPair{"!male", "!male & attractive"};
  if (name == "mtm") return FilterPair{"male", "male & attractive"};
  return std::nullopt;
}

std::string WithCleaning(std::string_view expression,
                         const std::vector<std::string>& attribute_names) {
  std::string cleaning;
  for (const char* name : {"blurry", "eyeglasses"}) {
    if (!FindAttribute(name, attribute_names)) continue;
    cleaning += std::string(cleaning.empty() ? "!" : " & !") + name;
  }
  const bool blank = std::all_of(expression.begin(), expression.end(),
                                 [](unsigned char c) { return std::isspace(c) != 0; });
  if (blank) return cleaning;
  if (cleaning.empty()) return std::string(expression);
  return "(" + std::string(expression) + ") & " + cleaning;
}

}  // namespace makeover
