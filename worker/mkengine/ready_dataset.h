// A dataset as judges and evaluations need it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storage/face_folder.h"
#include "storage/face_window.h"
#include "worker/engine/evaluation.h"
#include "worker/mkengine/command.h"
#include "worker/mkengine/filters.h"
#include "worker/mkengine/index.h"
#include "worker/mkengine/judges.h"

namespace makeover {

engine::Population PopulationOf(const FaceFolder& folder);
engine::Population PopulationOf(const DatasetIndex& index);

// A dataset whose pixels lie ready.
struct ReadyDataset {
  JudgedDataset dataset;
  std::vector<std::string> names;  // of the pictures
  std::string pixels;
};

// Throws UsageError where `command` got neither a folder nor --pixels with --index.
void RequireDataset(const Arguments& arguments, const std::string& command);

// From --pixels with --index, or from the folder, whose faces are decoded once and kept beside the
// judges; `window` is the part of the pictures that the networks see. Nothing where a signal
// stopped that. Throws UsageError as RequireDataset does.
std::optional<ReadyDataset> MakeReady(const Arguments& arguments, const std::string& command,
                                      const FaceWindow& window, const Surroundings& around);

// Held-out faces of both sides, by their labels.
engine::EvaluationFaces FacesOf(const Sides& sides, const JudgedDataset& dataset);

}  // namespace makeover
