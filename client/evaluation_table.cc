#include "client/evaluation_table.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/table.h"
#include "client/units.h"

namespace makeover {
namespace {

using Figures = v1::Evaluation::Figures;

// "-" for what there is no way to know.
std::string Share(bool known, double value) {
  return known ? absl::StrFormat("%.1f %%", 100 * value) : "-";
}

std::string Plain(bool known, double value) { return known ? absl::StrFormat("%.3f", value) : "-"; }

std::string KidNote(const v1::Evaluation& evaluation) {
  const Figures& after = evaluation.after();
  return absl::StrCat("±", Plain(after.has_kid_deviation(), after.kid_deviation()), " between ",
                      evaluation.kid_subsets(), " subsets of ", evaluation.kid_subset_size(), "; ",
                      Plural(evaluation.target_faces(), "target face"));
}

std::string IdentityNote(const v1::Evaluation& evaluation) {
  return absl::StrCat(
      "two photos of one person: ",
      Plain(evaluation.has_same_person_identity(), evaluation.same_person_identity()), " (",
      Plural(evaluation.same_person_pairs(), "pair"), ")");
}

void AddTerms(const v1::Evaluation& evaluation, Table& table) {
  for (const v1::Evaluation::Term& term : evaluation.terms()) {
    table.AddRow({absl::StrCat(term.value() ? "  " : "  !", term.attribute()),
                  Share(term.has_before(), term.before()), Share(term.has_after(), term.after()),
                  ""});
  }
}

std::string FiguresTable(const v1::Evaluation& evaluation, const Painter& painter) {
  const Figures& before = evaluation.before();
  const Figures& after = evaluation.after();
  Table table({{"FIGURE"},
               {"BEFORE", Table::Align::kRight},
               {"AFTER", Table::Align::kRight},
               {"NOTE", Table::Align::kLeft, true}});
  table.AddRow({"target rate", Share(before.has_target_rate(), before.target_rate()),
                Share(after.has_target_rate(), after.target_rate()), evaluation.target()});
  AddTerms(evaluation, table);
  table.AddRow({"  the whole filter", Share(before.has_filter_rate(), before.filter_rate()),
                Share(after.has_filter_rate(), after.filter_rate()), ""});
  table.AddRow({"attribute-KID", Plain(before.has_kid(), before.kid()),
                Plain(after.has_kid(), after.kid()), KidNote(evaluation)});
  table.AddRow({"kept", Share(before.has_kept(), before.kept()),
                Share(after.has_kept(), after.kept()),
                absl::StrJoin(evaluation.kept_attributes(), ", ")});
  table.AddRow({"low-L1", Plain(before.has_low_l1(), before.low_l1()),
                Plain(after.has_low_l1(), after.low_l1()), ""});
  table.AddRow({"identity", Plain(before.has_identity(), before.identity()),
                Plain(after.has_identity(), after.identity()), IdentityNote(evaluation)});
  return table.ToString(painter);
}

std::string JudgeTable(const v1::Evaluation& evaluation, const Painter& painter) {
  Table table({{"THE JUDGE ITSELF"},
               {"ACCURACY", Table::Align::kRight},
               {"BALANCED", Table::Align::kRight},
               {"HAVE IT", Table::Align::kRight}});
  for (const v1::Evaluation::Accuracy& line : evaluation.judge_accuracy()) {
    table.AddRow({line.attribute(), Share(line.has_accuracy(), line.accuracy()),
                  Share(line.has_balanced(), line.balanced()),
                  Share(line.has_share(), line.share())});
  }
  return table.ToString(painter);
}

}  // namespace

std::string EvaluationTable(const v1::Evaluation& evaluation, const Painter& painter) {
  return absl::StrCat(evaluation.model(), "@", evaluation.step(), " on ",
                      Plural(evaluation.source_faces(), "face"), " of ", evaluation.dataset(),
                      " that it was not trained on (", evaluation.held_out(), ")\n\n",
                      FiguresTable(evaluation, painter), "\n", JudgeTable(evaluation, painter));
}

}  // namespace makeover
