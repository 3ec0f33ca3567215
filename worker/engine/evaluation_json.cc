#include "worker/engine/evaluation.h"

namespace makeover::engine {
namespace {

Json FiguresToJson(const Figures& figures) {
  return Json::Object{{"targetRate", figures.target_rate},
                      {"filterRate", figures.wholly_rate},
                      {"kid", figures.kid.value},
                      {"kidDeviation", figures.kid.deviation},
                      {"kept", figures.kept},
                      {"lowL1", figures.low_l1},
                      {"identity", figures.identity}};
}

Json TermsToJson(const Evaluation& evaluation, const Population& population, const Aim& aim) {
  Json terms = Json::Array{};
  for (size_t i = 0; i < aim.terms.size(); ++i) {
    const Aim::Term& term = aim.terms[i];
    terms.Append(
        Json::Object{{"attribute", population.attributes[static_cast<size_t>(term.attribute)]},
                     {"value", term.value},
                     {"before", evaluation.before.terms[i]},
                     {"after", evaluation.after.terms[i]}});
  }
  return terms;
}

Json AccuracyToJson(const Evaluation& evaluation, const Population& population) {
  Json list = Json::Array{};
  for (const AttributeAccuracy& line : evaluation.accuracy) {
    list.Append(
        Json::Object{{"attribute", population.attributes[static_cast<size_t>(line.attribute)]},
                     {"accuracy", line.accuracy},
                     {"balanced", line.balanced},
                     {"share", line.share}});
  }
  return list;
}

std::string NameOf(int attribute, const Population& population) {
  return population.attributes[static_cast<size_t>(attribute)];
}

Json KeptNamesToJson(const Evaluation& evaluation, const Population& population) {
  Json list = Json::Array{};
  for (const AttributeChange& change : evaluation.changes)
    list.Append(NameOf(change.attribute, population));
  return list;
}

Json ChangesToJson(const Evaluation& evaluation, const Population& population) {
  Json list = Json::Array{};
  for (const AttributeChange& change : evaluation.changes) {
    list.Append(Json::Object{{"attribute", NameOf(change.attribute, population)},
                             {"before", change.before},
                             {"after", change.after},
                             {"kept", change.kept}});
  }
  return list;
}

}  // namespace

Json EvaluationToJson(const Evaluation& evaluation, const Population& population, const Aim& aim) {
  return Json::Object{{"target", aim.words},
                      {"sourceFaces", evaluation.sources},
                      {"targetFaces", evaluation.targets},
                      {"before", FiguresToJson(evaluation.before)},
                      {"after", FiguresToJson(evaluation.after)},
                      {"terms", TermsToJson(evaluation, population, aim)},
                      {"keptAttributes", KeptNamesToJson(evaluation, population)},
                      {"changes", ChangesToJson(evaluation, population)},
                      {"kidSubsets", evaluation.after.kid.subsets},
                      {"kidSubsetSize", evaluation.after.kid.subset_size},
                      {"samePersonIdentity", evaluation.same_person},
                      {"samePersonPairs", evaluation.same_person_pairs},
                      {"judgeAccuracy", AccuracyToJson(evaluation, population)}};
}

}  // namespace makeover::engine
