#include "coordinator/selection.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "coordinator/errors.h"
#include "coordinator/limits.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

constexpr int kTestPartition = 2;
using Rows = std::vector<Catalog::SelectedRow>;

absl::StatusOr<FilterPair> NamedPair(const v1::CreateTrainJobRequest& request) {
  const bool pair = !request.source().empty() || !request.target().empty();
  const int ways =
      (request.filter().empty() ? 0 : 1) + (pair ? 1 : 0) + (request.preset().empty() ? 0 : 1);
  if (ways == 0) return errors::NoSelection();
  if (ways > 1) return errors::ManyWaysToChoose();
  if (!request.filter().empty()) return FilterPair{"*", request.filter()};
  if (!request.preset().empty()) {
    const std::optional<FilterPair> preset = PresetFilters(request.preset());
    return preset.has_value() ? absl::StatusOr<FilterPair>(*preset)
                              : errors::UnknownPreset(request.preset());
  }
  if (request.source().empty() || request.target().empty()) return errors::HalfAPair();
  return FilterPair{request.source(), request.target()};
}

absl::StatusOr<Filter> Parse(const std::string& expression,
                             const std::vector<std::string>& attributes) {
  Outcome<Filter> filter = ParseFilter(expression, attributes);
  if (!filter.ok()) return absl::InvalidArgumentError(filter.message());
  return *filter;
}

// `test`: those of the test partition; else the others.
std::vector<uint32_t> RowsOf(const Rows& rows, bool test) {
  std::vector<uint32_t> numbers;
  for (const auto& row : rows) {
    if ((row.partition == kTestPartition) == test) numbers.push_back(row.row);
  }
  return numbers;
}

std::vector<uint32_t> AllRows(const Rows& rows) {
  std::vector<uint32_t> numbers;
  for (const auto& row : rows) numbers.push_back(row.row);
  return numbers;
}

// The held-out faces first, of the test partition as far as it has them.
std::vector<uint32_t> WithTestFacesFirst(const std::vector<uint32_t>& test,
                                         const std::vector<uint32_t>& train) {
  const size_t held_out = std::min<size_t>(test.size(), kPicturesPerSideMin);
  std::vector<uint32_t> rows(test.begin(), test.begin() + static_cast<int64_t>(held_out));
  rows.insert(rows.end(), train.begin(), train.end());
  return rows;
}

}  // namespace

absl::StatusOr<Sides> ChooseSides(const v1::CreateTrainJobRequest& request,
                                  const Dataset& dataset) {
  MK_ASSIGN_OR_RETURN(const FilterPair pair, NamedPair(request));
  // A typo is shown in what the user wrote, not in what cleaning made of it.
  MK_RETURN_IF_ERROR(Parse(pair.source, dataset.attributes).status());
  MK_RETURN_IF_ERROR(Parse(pair.target, dataset.attributes).status());
  Sides sides;
  const auto clean = [&](const std::string& expression) {
    return request.no_clean() ? expression : WithCleaning(expression, dataset.attributes);
  };
  sides.source = clean(pair.source);
  sides.target = clean(pair.target);
  MK_ASSIGN_OR_RETURN(sides.source_filter, Parse(sides.source, dataset.attributes));
  MK_ASSIGN_OR_RETURN(sides.target_filter, Parse(sides.target, dataset.attributes));
  return sides;
}

Selection SelectForTraining(const Rows& sources, const Rows& targets) {
  Selection selection;
  selection.source_count = static_cast<uint32_t>(sources.size());
  selection.target_count = static_cast<uint32_t>(targets.size());
  const std::vector<uint32_t> source_train = RowsOf(sources, /*test=*/false);
  std::vector<uint32_t> target_train = RowsOf(targets, /*test=*/false);
  const bool enough =
      source_train.size() >= kPicturesPerSideMin && target_train.size() >= kPicturesPerSideMin;
  const std::vector<uint32_t> source_test = RowsOf(sources, /*test=*/true);
  if (enough) {
    selection.source_rows = WithTestFacesFirst(source_test, source_train);
    selection.target_rows = std::move(target_train);
  } else {
    selection.source_rows = AllRows(sources);
    selection.target_rows = AllRows(targets);
  }
  return selection;
}

std::string RowsFile(const std::vector<uint32_t>& rows) {
  std::string lines;
  for (const uint32_t row : rows) absl::StrAppend(&lines, row, "\n");
  return lines;
}

}  // namespace makeover
