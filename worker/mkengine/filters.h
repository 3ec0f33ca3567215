// Who is turned into whom: what the options say, and what that aims at.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/filter.h"
#include "worker/engine/aim.h"
#include "worker/mkengine/command_line.h"

namespace makeover {

// --preset, --filter, or --source and --target. `verb` is what they are for: "train". Throws
// UsageError where they say nothing, or more than one thing.
FilterPair FiltersOf(const Arguments& arguments, const std::string& verb);
bool HasFilters(const Arguments& arguments);

// With WithCleaning if it shall be clean; the expression itself has to be whole, whatever is put
// around it. Throws UsageError where it is not.
Filter ParsedFilter(const std::string& expression, bool clean,
                    const std::vector<std::string>& attributes);

struct Sides {
  Filter source;
  Filter target;
};
// Both as ParsedFilter.
Sides SidesOf(const FilterPair& filters, bool clean, const std::vector<std::string>& attributes);

// See engine::Aim. What a filter demands of one attribute is found by trying every value of the
// attributes that it names; with more than 16 of them, and in a filter that nothing can match, it
// is not looked for.
engine::Aim AimOf(const Sides& sides, const std::vector<std::string>& attributes);

}  // namespace makeover
