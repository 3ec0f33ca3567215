#include <algorithm>
#include <cctype>
#include <cstddef>
#include <utility>

#include "storage/filter.h"

namespace makeover {
namespace {

enum class Kind { kName, kQuoted, kNot, kAnd, kOr, kOpen, kClose, kEqual, kNotEqual, kStar, kEnd };

struct Token {
  Kind kind = Kind::kEnd;
  std::string text;
  size_t column = 1;
};

constexpr std::string_view kOperators = "!~&,|()=*\"'";

bool IsSpace(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

Problem ErrorAt(size_t column, const std::string& what) {
  return Problem{"filter, column " + std::to_string(column) + ": " + what};
}

Kind WordKind(const std::string& word) {
  const std::string folded = FoldName(word);
  if (folded == "not") return Kind::kNot;
  if (folded == "and") return Kind::kAnd;
  if (folded == "or") return Kind::kOr;
  return Kind::kName;
}

// Cuts an expression into tokens.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Outcome<std::vector<Token>> Run() {
    std::vector<Token> tokens;
    while (true) {
      while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
      if (at_ == text_.size()) break;
      Outcome<Token> token = Next();
      if (!token.ok()) return token.problem();
      tokens.push_back(*std::move(token));
    }
    tokens.push_back(Token{Kind::kEnd, "", text_.size() + 1});
    return tokens;
  }

 private:
  Outcome<Token> Next() {
    const char c = text_[at_];
    if (c == '"' || c == '\'') return Quoted(c);
    if (kOperators.find(c) == std::string_view::npos) return Word();
    return Operator(c);
  }

  Outcome<Token> Quoted(char quote) {
    const size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) return ErrorAt(at_ + 1, "the quote is never closed");
    Token token{Kind::kQuoted, std::string(text_.substr(at_ + 1, end - at_ - 1)), at_ + 1};
    at_ = end + 1;
    return token;
  }

  Token Word() {
    const size_t start = at_;
    while (at_ < text_.size() && !IsSpace(text_[at_]) &&
           kOperators.find(text_[at_]) == std::string_view::npos) {
      ++at_;
    }
    std::string word(text_.substr(start, at_ - start));
    const Kind kind = WordKind(word);
    return Token{kind, std::move(word), start + 1};
  }

  Token Operator(char c) {
    const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    const bool doubled = (c == '&' || c == '|' || c == '=') && next == c;
    const bool unequal = c == '!' && next == '=';
    const size_t length = doubled || unequal ? 2 : 1;
    Token token{unequal ? Kind::kNotEqual : OperatorKind(c), std::string(text_.substr(at_, length)),
                at_ + 1};
    at_ += length;
    return token;
  }

  static Kind OperatorKind(char c) {
    switch (c) {
      case '!':
      case '~':
        return Kind::kNot;
      case '&':
      case ',':
        return Kind::kAnd;
      case '|':
        return Kind::kOr;
      case '(':
        return Kind::kOpen;
      case ')':
        return Kind::kClose;
      case '*':
        return Kind::kStar;
      default:
        return Kind::kEqual;
    }
  }

  std::string_view text_;
  size_t at_ = 0;
};

std::string Describe(const Token& token) {
  return token.kind == Kind::kEnd ? "the end of the expression" : "\"" + token.text + "\"";
}

std::string Join(const std::vector<std::string>& words) {
  std::string joined;
  for (const std::string& word : words) joined += (joined.empty() ? "" : ", ") + word;
  return joined;
}

Problem UnknownName(const Token& name, const std::vector<std::string>& attributes) {
  std::string what = "there is no attribute \"" + name.text + "\"";
  if (attributes.empty()) {
    return ErrorAt(name.column,
                   what +
                       ": the dataset has no attributes; write * for everybody, or "
                       "import a folder that has an attribute file or a folder per class");
  }
  const std::vector<std::string> nearest = NearestNames(name.text, attributes);
  what += nearest.empty() ? "." : "; did you mean " + Join(nearest) + "?";
  return ErrorAt(name.column, what + " The attributes are: " + Join(attributes));
}

std::optional<bool> TruthValue(const std::string& word) {
  const std::string folded = FoldName(word);
  if (folded == "true" || folded == "1" || folded == "yes") return true;
  if (folded == "false" || folded == "0" || folded == "no") return false;
  return std::nullopt;
}

// Recursive descent; the depth is bounded, so the stack is.
class Parser {
 public:
  Parser(std::vector<Token> tokens, const std::vector<std::string>& attributes)
      : tokens_(std::move(tokens)), attributes_(attributes) {}

  Outcome<Filter> Run() {
    if (Peek().kind == Kind::kEnd) return Filter();
    Outcome<Filter> filter = Either();
    if (!filter.ok() || Peek().kind == Kind::kEnd) return filter;
    return Expected("an operator (& or |) or the end");
  }

 private:
  const Token& Peek() const { return tokens_[next_]; }
  Token Take() { return tokens_[next_++]; }
  bool TakeIf(Kind kind) {
    const bool found = Peek().kind == kind;
    if (found) ++next_;
    return found;
  }

  Problem Expected(const std::string& what) const {
    return ErrorAt(Peek().column, "expected " + what + ", found " + Describe(Peek()));
  }

  Outcome<Filter> Either() {
    Outcome<Filter> left = Both();
    while (left.ok() && TakeIf(Kind::kOr)) {
      Outcome<Filter> right = Both();
      if (!right.ok()) return right;
      left = Filter::Or(*std::move(left), *right);
    }
    return left;
  }

  Outcome<Filter> Both() {
    Outcome<Filter> left = Negation();
    while (left.ok() && TakeIf(Kind::kAnd)) {
      Outcome<Filter> right = Negation();
      if (!right.ok()) return right;
      left = Filter::And(*std::move(left), *right);
    }
    return left;
  }

  Outcome<Filter> Negation() {
    bool negated = false;
    while (TakeIf(Kind::kNot)) negated = !negated;
    Outcome<Filter> operand = Operand();
    if (!operand.ok() || !negated) return operand;
    return Filter::Not(*std::move(operand));
  }

  Outcome<Filter> Operand() {
    if (Peek().kind == Kind::kOpen) return Group();
    if (TakeIf(Kind::kStar)) return Filter();
    if (Peek().kind == Kind::kName || Peek().kind == Kind::kQuoted) return Comparison();
    return Expected("the name of an attribute, ! or (");
  }

  Outcome<Filter> Group() {
    const Token open = Take();
    if (++depth_ > kFilterDepthMax) {
      return ErrorAt(open.column,
                     "more than " + std::to_string(kFilterDepthMax) + " open parentheses");
    }
    Outcome<Filter> inner = Either();
    --depth_;
    if (inner.ok() && !TakeIf(Kind::kClose)) {
      return Expected("& or | or the ) for the ( in column " + std::to_string(open.column));
    }
    return inner;
  }

  Outcome<Filter> Comparison() {
    const Token name = Name();
    if (++terms_ > kFilterTermsMax) {
      return ErrorAt(name.column, "more than " + std::to_string(kFilterTermsMax) + " names");
    }
    const std::optional<int> bit = FindAttribute(name.text, attributes_);
    if (!bit) return UnknownName(name, attributes_);
    Filter filter = Filter::Attribute(*bit);
    const bool unequal = Peek().kind == Kind::kNotEqual;
    if (!unequal && Peek().kind != Kind::kEqual) return filter;
    Take();
    const std::optional<bool> value = TruthValue(Peek().text);
    if (!value) return Expected("true, 1, yes, false, 0 or no");
    Take();
    if (*value == unequal) return Filter::Not(std::move(filter));
    return filter;
  }

  // "blond hair" is one name of two words.
  Token Name() {
    Token name = Take();
    if (name.kind == Kind::kQuoted) return name;
    while (Peek().kind == Kind::kName) name.text += " " + Take().text;
    return name;
  }

  std::vector<Token> tokens_;
  const std::vector<std::string>& attributes_;
  size_t next_ = 0;
  int depth_ = 0;
  int terms_ = 0;
};

}  // namespace

Outcome<Filter> ParseFilter(std::string_view expression,
                            const std::vector<std::string>& attribute_names) {
  if (expression.size() > kFilterBytesMax) {
    return ErrorAt(kFilterBytesMax,
                   "the expression is longer than " + std::to_string(kFilterBytesMax) + " bytes");
  }
  Outcome<std::vector<Token>> tokens = Lexer(expression).Run();
  if (!tokens.ok()) return tokens.problem();
  return Parser(*std::move(tokens), attribute_names).Run();
}

}  // namespace makeover
