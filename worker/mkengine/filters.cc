#include "worker/mkengine/filters.h"

#include <algorithm>
#include <bit>

namespace makeover {
namespace {

constexpr int kNamedMax = 16;

// What a filter demands: `care` has the attributes of which every match has one value, `value` it.
struct Demand {
  uint64_t care = 0;
  uint64_t value = 0;
};

// The `number`-th subset of the bits of `mask`.
uint64_t Spread(uint64_t number, uint64_t mask) {
  uint64_t bits = 0;
  for (; mask != 0; mask &= mask - 1, number >>= 1)
    bits |= (number & 1) != 0 ? mask & (~mask + 1) : 0;
  return bits;
}

Demand DemandOf(const Filter& filter) {
  const uint64_t named = filter.Named();
  if (std::popcount(named) > kNamedMax) return {};
  uint64_t always = named;
  uint64_t never = named;
  bool any = false;
  for (uint64_t number = 0; number < uint64_t{1} << std::popcount(named); ++number) {
    const uint64_t bits = Spread(number, named);
    if (!filter.Matches(bits)) continue;
    any = true;
    always &= bits;
    never &= ~bits;
  }
  return any ? Demand{always | never, always} : Demand{};
}

std::string WordsOf(const std::vector<engine::Aim::Term>& terms, size_t count,
                    const std::vector<std::string>& attributes) {
  std::string words;
  for (size_t i = 0; i < count; ++i) {
    words += std::string(i == 0 ? "" : " & ") + (terms[i].value ? "" : "!") +
             attributes[static_cast<size_t>(terms[i].attribute)];
  }
  return words;
}

}  // namespace

FilterPair FiltersOf(const Arguments& arguments, const std::string& verb) {
  const int ways = static_cast<int>(arguments.Has("--preset")) +
                   static_cast<int>(arguments.Has("--filter")) +
                   static_cast<int>(arguments.Has("--source") || arguments.Has("--target"));
  if (ways != 1) {
    throw UsageError("Say what to " + verb +
                     ": --filter E, or --source E --target E, or --preset P.");
  }
  if (arguments.Has("--preset")) {
    return *PresetFilters(arguments.Choice("--preset", "", {"mtf", "ftm", "ftf", "mtm"}));
  }
  if (arguments.Has("--filter")) return {"*", arguments.Text("--filter")};
  if (!arguments.Has("--target")) throw UsageError("--source needs --target E beside it.");
  return {arguments.Text("--source", "*"), arguments.Text("--target")};
}

bool HasFilters(const Arguments& arguments) {
  return arguments.Has("--preset") || arguments.Has("--filter") || arguments.Has("--source") ||
         arguments.Has("--target");
}

Filter ParsedFilter(const std::string& expression, bool clean,
                    const std::vector<std::string>& attributes) {
  const Outcome<Filter> bare = ParseFilter(expression, attributes);
  if (!bare.ok()) throw UsageError(bare.message());
  return clean ? *ParseFilter(WithCleaning(expression, attributes), attributes) : *bare;
}

Sides SidesOf(const FilterPair& filters, bool clean, const std::vector<std::string>& attributes) {
  return {ParsedFilter(filters.source, clean, attributes),
          ParsedFilter(filters.target, clean, attributes)};
}

engine::Aim AimOf(const Sides& sides, const std::vector<std::string>& attributes) {
  const Demand source = DemandOf(sides.source);
  const Demand target = DemandOf(sides.target);
  const uint64_t both = source.care & target.care;
  const uint64_t shared = both & ~(source.value ^ target.value);
  const uint64_t turned = both & (source.value ^ target.value);
  engine::Aim aim;
  aim.named = (sides.source.Named() | sides.target.Named()) & ~shared;
  const auto add = [&](uint64_t some) {
    for (int i = 0; i < static_cast<int>(attributes.size()); ++i) {
      if ((some >> i & 1) != 0) aim.terms.push_back({i, (target.value >> i & 1) != 0});
    }
  };
  add(turned);
  add(target.care & ~source.care);
  const Filter wanted = sides.target;
  aim.met_wholly = [wanted, shared, value = target.value](uint64_t bits) {
    return wanted.Matches((bits & ~shared) | (value & shared));
  };
  aim.headline_terms = static_cast<size_t>(std::popcount(turned));
  if (turned != 0) {
    aim.met = [turned, value = target.value](uint64_t bits) {
      return ((bits ^ value) & turned) == 0;
    };
  } else {
    aim.met = aim.met_wholly;
    // Terms tell the whole where nothing else is named.
    if ((sides.target.Named() & ~shared) == (target.care & ~shared))
      aim.headline_terms = aim.terms.size();
  }
  aim.words = aim.headline_terms == 0 ? "the target filter"
                                      : WordsOf(aim.terms, aim.headline_terms, attributes);
  return aim;
}

}  // namespace makeover
