#include "worker/mkengine/ready_dataset.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "worker/engine/file.h"
#include "worker/mkengine/index.h"
#include "worker/mkengine/picture_sources.h"
#include "worker/mkengine/pictures.h"

namespace makeover {
namespace {

engine::Population EmptyPopulation(const std::vector<std::string>& attributes, size_t rows) {
  engine::Population population;
  population.attributes = attributes;
  population.bits.reserve(rows);
  population.partitions.reserve(rows);
  population.identities.reserve(rows);
  return population;
}

// What another part of the pictures shows is other data, with judges of its own.
JudgedDataset DatasetOf(engine::Population population, std::string digest,
                        const FaceWindow& window) {
  if (window != FaceWindow()) digest += "-" + FaceWindowKey(window);
  JudgedDataset dataset = {std::move(population), {}, std::move(digest)};
  dataset.division = engine::Divide(dataset.population, kJudgeFacesMax);
  return dataset;
}

// Held-out faces that the filter matches by their labels.
std::vector<int64_t> Matching(const Filter& filter, const JudgedDataset& dataset) {
  std::vector<int64_t> rows;
  for (const int64_t row : dataset.division.held_out) {
    if (filter.Matches(dataset.population.bits[static_cast<size_t>(row)])) rows.push_back(row);
  }
  return rows;
}

// The judges' and the held-out faces, decoded once and kept beside the judges. Empty when stopped.
std::string PixelsOf(const FaceFolder& folder, const JudgedDataset& dataset,
                     const FaceWindow& window, const std::string& cache, int threads,
                     const Surroundings& around) {
  engine::MakeFolder(cache);
  const std::string path = cache + "/faces-" + dataset.digest + ".pixels";
  if (std::filesystem::exists(path)) return path;
  const engine::FileLock lock(path + ".lock", around.stop);  // another process may be preparing it
  if (!lock.held()) return "";
  if (std::filesystem::exists(path)) return path;
  const engine::Division& division = dataset.division;
  std::set<int64_t> wanted(division.held_out.begin(), division.held_out.end());
  wanted.insert(division.a.begin(), division.a.end());
  wanted.insert(division.b.begin(), division.b.end());
  PictureList pictures = PicturesOf(folder);
  pictures.wanted = [&wanted](int64_t row) { return wanted.count(row) > 0; };
  return PreparePixels(pictures, window, path, threads, around).stopped ? "" : path;
}

std::optional<ReadyDataset> ReadyFolder(const Arguments& arguments, const FaceWindow& window,
                                        const Surroundings& around) {
  const FaceFolder folder = OpenFolder(arguments.operands()[0]);
  ReadyDataset ready;
  for (const FaceItem& item : folder.items) ready.names.push_back(item.file);
  std::string digest = FolderFingerprint(folder);
  std::replace(digest.begin(), digest.end(), ' ', '-');
  ready.dataset = DatasetOf(PopulationOf(folder), digest, window);
  ready.pixels =
      PixelsOf(folder, ready.dataset, window, JudgeFolder(arguments), ThreadsOf(arguments), around);
  return ready.pixels.empty() ? std::nullopt : std::optional<ReadyDataset>(std::move(ready));
}

ReadyDataset ReadyIndex(const Arguments& arguments, const FaceWindow& window) {
  const DatasetIndex index = ReadIndex(arguments.Text("--index"));
  ReadyDataset ready;
  for (const IndexRow& row : index.rows) ready.names.push_back(row.name);
  ready.dataset = DatasetOf(PopulationOf(index), arguments.Text("--dataset-digest"), window);
  ready.pixels = arguments.Text("--pixels");
  return ready;
}

}  // namespace

engine::Population PopulationOf(const FaceFolder& folder) {
  engine::Population population = EmptyPopulation(folder.attributes, folder.items.size());
  for (const FaceItem& item : folder.items) {
    population.bits.push_back(item.attributes);
    population.partitions.push_back(item.partition);
    population.identities.push_back(item.identity);
  }
  return population;
}

engine::Population PopulationOf(const DatasetIndex& index) {
  engine::Population population = EmptyPopulation(index.attributes, index.rows.size());
  for (const IndexRow& row : index.rows) {
    population.bits.push_back(row.attributes);
    population.partitions.push_back(row.partition);
    population.identities.push_back(row.identity);
  }
  return population;
}

engine::EvaluationFaces FacesOf(const Sides& sides, const JudgedDataset& dataset) {
  return {Matching(sides.source, dataset), Matching(sides.target, dataset),
          dataset.division.held_out};
}

void RequireDataset(const Arguments& arguments, const std::string& command) {
  const bool pixels = arguments.Has("--pixels");
  if (pixels == arguments.Has("--index") && arguments.operands().size() == (pixels ? 0 : 1)) return;
  throw UsageError("mkengine " + command +
                   " needs one folder of pictures, or --pixels with --index.");
}

std::optional<ReadyDataset> MakeReady(const Arguments& arguments, const std::string& command,
                                      const FaceWindow& window, const Surroundings& around) {
  RequireDataset(arguments, command);
  if (arguments.Has("--pixels")) return ReadyIndex(arguments, window);
  RequirePictures();
  return ReadyFolder(arguments, window, around);
}

}  // namespace makeover
