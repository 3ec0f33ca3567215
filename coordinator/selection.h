// Which pictures a training learns from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "makeover/v1/jobs.pb.h"
#include "storage/catalog.h"
#include "storage/filter.h"

namespace makeover {

// The two sides as a request names them, cleaned unless it says otherwise.
// kInvalidArgument: named in two ways or none, an unknown preset, a typo in a filter.
struct Sides {
  std::string source;  // As understood.
  std::string target;
  Filter source_filter;
  Filter target_filter;
};
absl::StatusOr<Sides> ChooseSides(const v1::CreateTrainJobRequest& request, const Dataset& dataset);

// Rows of a training.
struct Selection {
  uint32_t source_count = 0;  // All that match.
  uint32_t target_count = 0;
  std::vector<uint32_t> source_rows;  // First the kPicturesPerSideMin held-out faces.
  std::vector<uint32_t> target_rows;
};

// Rows of partition 2 (test) are not trained on where enough others are left on both sides; they
// come first among the held-out source faces.
Selection SelectForTraining(const std::vector<Catalog::SelectedRow>& sources,
                            const std::vector<Catalog::SelectedRow>& targets);

// One row number a line.
std::string RowsFile(const std::vector<uint32_t>& rows);

}  // namespace makeover
