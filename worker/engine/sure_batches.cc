#include "worker/engine/sure_batches.h"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <iterator>
#include <utility>

namespace makeover::engine {
namespace {

// Nothing where there is no memory for such a batch.
SureBatches::Results AtOnceOrNothing(const SureBatches::Faces& faces, int size,
                                     const SureBatches::Convert& convert) {
  try {
    return convert(faces, size).results;
  } catch (
      const std::exception&) {  // of the device's memory, say, or of too many faces for a kernel
  }
  return {};
}

}  // namespace

SureBatches::SureBatches(std::vector<int> sizes, std::function<double()> seconds)
    : sizer_(std::move(sizes)), trusted_({sizer_.smallest()}), seconds_(std::move(seconds)) {}

SureBatches::Results SureBatches::Run(const Faces& faces, const Convert& convert) {
  const int size = sizer_.SizeFor(static_cast<int>(faces.size()));
  if (trusted_.count(size) == 0) return TryOut(faces, size, convert);
  const double begin = seconds_();
  Batch batch = convert(faces, size);
  const bool whole = static_cast<int>(faces.size()) == sizer_.size();
  if (whole && batch.usual) sizer_.Took(seconds_() - begin);
  return std::move(batch.results);
}

SureBatches::Results SureBatches::TryOut(const Faces& faces, int size, const Convert& convert) {
  Results results = InParts(faces, convert);
  if (AtOnceOrNothing(faces, size, convert) == results) {
    trusted_.insert(size);
  } else {
    sizer_.Reject();
  }
  return results;
}

SureBatches::Results SureBatches::InParts(const Faces& faces, const Convert& convert) const {
  Results results;
  const auto part = static_cast<size_t>(sizer_.smallest());
  for (size_t begin = 0; begin < faces.size(); begin += part) {
    const size_t end = std::min(begin + part, faces.size());
    const Faces some(faces.begin() + static_cast<std::ptrdiff_t>(begin),
                     faces.begin() + static_cast<std::ptrdiff_t>(end));
    Batch batch = convert(some, sizer_.smallest());
    std::move(batch.results.begin(), batch.results.end(), std::back_inserter(results));
  }
  return results;
}

}  // namespace makeover::engine
