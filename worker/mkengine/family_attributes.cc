#include "worker/mkengine/family_attributes.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "worker/engine/balance.h"
#include "worker/mkengine/command_line.h"
#include "worker/mkengine/filters.h"

namespace makeover {
namespace {

void SayBalance(const engine::Balance& balance, const std::vector<std::string>& attributes) {
  std::string text;
  for (const auto& [attribute, source, target] : balance.shares) {
    char line[200];
    std::snprintf(line, sizeof line, "%s %s %.0f%% and %.0f%% (%.0f%% and %.0f%%)",
                  text.empty() ? "" : ",", attributes[static_cast<size_t>(attribute)].c_str(),
                  100 * source.weighted, 100 * target.weighted, 100 * source.plain,
                  100 * target.plain);
    text += line;
  }
  if (!text.empty())
    std::fprintf(stderr, "mkengine: balanced sources and targets:%s\n", text.c_str());
}

// Whoever is not held out can be learned from, of whatever family.
std::vector<int64_t> RowsToLearn(const engine::Population& population,
                                 const engine::Division& division) {
  const std::set<int64_t> held_out(division.held_out.begin(), division.held_out.end());
  std::vector<int64_t> rows;
  for (int64_t row = 0; row < static_cast<int64_t>(population.bits.size()); ++row) {
    if (held_out.count(row) == 0) rows.push_back(row);
  }
  return rows;
}

engine::FaceLabels LabelsOf(const engine::Population& population, const engine::Division& division,
                            const std::vector<engine::Balance::Shares>& kept,
                            const engine::Aim& aim) {
  engine::FaceLabels labels;
  labels.population = population;
  labels.learn = RowsToLearn(population, division);
  for (const engine::Balance::Shares& shares : kept)
    labels.kept.push_back({shares.attribute, shares.source.weighted});
  for (size_t i = 0; i < aim.headline_terms; ++i)
    labels.aimed.push_back({aim.terms[i].attribute, aim.terms[i].value});
  return labels;
}

// What the target means shows in how the targets differ from those sources that are none.
std::vector<int64_t> SourcesThatAreNoTargets(const engine::TrainingRun& run) {
  const std::set<int64_t> targets(run.target_rows.begin(), run.target_rows.end());
  std::vector<int64_t> others;
  for (const int64_t row : run.source_rows) {
    if (targets.count(row) == 0) others.push_back(row);
  }
  return others;
}

std::map<int64_t, double> WeightOfRow(const std::vector<int64_t>& rows,
                                      const std::vector<double>& weights) {
  std::map<int64_t, double> of_row;
  for (size_t i = 0; i < rows.size(); ++i) of_row[rows[i]] = weights[i];
  return of_row;
}

}  // namespace

void UseAttributes(const engine::Population& population, const engine::Division& division,
                   engine::TrainingRun* run) {
  const std::vector<int64_t> sources = SourcesThatAreNoTargets(*run);
  if (run->filters.target.empty() || sources.empty() || run->target_rows.empty()) return;
  const auto size = static_cast<int64_t>(population.bits.size());
  for (const std::vector<int64_t>& rows : {sources, run->target_rows}) {
    if (*std::max_element(rows.begin(), rows.end()) < size) continue;
    throw UsageError("The lists of rows name more than the " + std::to_string(size) +
                     " rows of the index: make both from the same dataset.");
  }
  const Sides sides =
      SidesOf({run->filters.source, run->filters.target}, false, population.attributes);
  const engine::Aim aim = AimOf(sides, population.attributes);
  const engine::Balance balance =
      engine::BalanceFamilies(population, sources, run->target_rows,
                              engine::KeptAttributes(population, aim), run->config.balance);
  if (run->config.balance > 1) {
    SayBalance(balance, population.attributes);
    run->source_weights = WeightOfRow(sources, balance.source_weights);
    run->target_weights = WeightOfRow(run->target_rows, balance.target_weights);
  }
  if (run->config.UsesReader()) run->labels = LabelsOf(population, division, balance.shares, aim);
}

}  // namespace makeover
