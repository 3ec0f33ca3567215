// Who is in a dataset, and who may be shown to whom: judges learn from some people, converted faces
// of others are judged. Plain data and pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace makeover::engine {

// What a dataset says of each row of its pixel cache. All lists are of one length but the names.
struct Population {
  std::vector<std::string> attributes;
  std::vector<uint64_t> bits;       // bit i: it has attribute i
  std::vector<int> partitions;      // 0 training, 1 validation, 2 test, -1 unknown
  std::vector<int64_t> identities;  // a person, or -1 unknown
};

// Rows in three lists that share no person, each in ascending order.
struct Division {
  std::vector<int64_t> a;         // the first judge learns from these
  std::vector<int64_t> b;         // the second from these
  std::vector<int64_t> held_out;  // faces to measure with
  bool by_partition = false;      // held_out is the test partition; else a tenth of the people
};

// A picture without an identity counts as a person of its own. Without a test partition one person
// of ten is held out. Each judge gets at most `learn_max` rows. A function of its arguments alone.
Division Divide(const Population& population, int64_t learn_max);

// What tells populations apart for a judge: 16 hexadecimal digits over the names of the attributes
// and what is known of the rows.
std::string Fingerprint(const Population& population);

}  // namespace makeover::engine
