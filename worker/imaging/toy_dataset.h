// A dataset of drawn faces in CelebA's layout, for trying and testing without a download.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace makeover {

struct ToyDatasetOptions {
  int count = 2000;  // pictures
  uint64_t seed = 1;
  int threads = 1;
};

// Called with the number of pictures written so far, now and then and at the end, from the caller's
// thread or a worker's, never from two at once. Returning false stops the work early.
using ToyProgress = std::function<bool(int done, int total)>;

// Writes DIR/img_align_celeba/000001.jpg... (178 x 218, quality 95), list_attr_celeba.txt,
// list_eval_partition.txt, identity_CelebA.txt and list_landmarks_align_celeba.txt, in CelebA's
// formats. Partitions are runs of the file order (80, 10 and 10 %), and never share an identity.
// The same count and seed give the same bytes, with any number of threads. Pictures have temporary
// names until they are complete; the lists come last. Returns false where progress stopped it: then
// there are no lists. Throws std::runtime_error with a sentence: a count outside of 1 to 999999, a
// folder that cannot be written, a full disk.
bool WriteToyDataset(const std::string& dir, const ToyDatasetOptions& options,
                     const ToyProgress& progress = nullptr);

}  // namespace makeover
