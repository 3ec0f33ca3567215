#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/outcome.h"

namespace makeover {

// What an attribute file says: CelebA's text form or its CSV copies.
struct AttributeTable {
  std::vector<std::string> names;
  std::vector<std::pair<std::string, uint64_t>>
      rows;  // picture, attribute bits; in the file's order
};

// What a file with one number per picture says (partition, identity).
struct NumberTable {
  std::vector<std::pair<std::string, int32_t>> rows;
};

// The whole file as text, without a byte-order mark. Fails if it cannot be read, is empty, binary,
// or a web page.
Outcome<std::string> ReadTableText(const std::string& path);

// `path` is only for the sentences of errors, which name the line. Fails if the count in the first
// line and the number of rows differ, on a wrong number of columns, on a value that is not 1, -1 or
// 0, and beyond kAttributesMax names.
Outcome<AttributeTable> ParseAttributeTable(const std::string& path, std::string_view text);

// Rows of a name and a number from 0 to `value_max`; a CSV header is passed over.
Outcome<NumberTable> ParseNumberTable(const std::string& path, std::string_view text,
                                      int32_t value_max);

}  // namespace makeover
