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

Json NamesToJson(const std::vector<std::string>& names) {
  Json list = Json::Array{};
  for (const std::string& name : names) list.Append(name);
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
                      {"keptAttributes", NamesToJson(evaluation.kept)},
                      {"kidSubsets", evaluation.after.kid.subsets},
                      {"kidSubsetSize", evaluation.after.kid.subset_size},
                      {"samePersonIdentity", evaluation.same_person},
                      {"samePersonPairs", evaluation.same_person_pairs},
                      {"judgeAccuracy", AccuracyToJson(evaluation, population)}};
}

}  // namespace makeover::engine
