#include "worker/mkengine/evaluation_table.h"

#include <cmath>
#include <cstdio>

namespace makeover {
namespace {

std::string Formatted(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

bool Known(const Json* value) {
  return value != nullptr && value->is_number() && std::isfinite(value->AsNumber());
}

// "-" for what there is no way to know.
std::string Share(const Json* value) {
  return Known(value) ? Formatted("%.1f %%", 100 * value->AsNumber()) : "-";
}

std::string Plain(const Json* value) {
  return Known(value) ? Formatted("%.3f", value->AsNumber()) : "-";
}

std::string Line(const std::string& name, const std::string& before, const std::string& after,
                 const std::string& note = "") {
  char text[256];
  std::snprintf(text, sizeof text, "%-28s %9s %9s", name.c_str(), before.c_str(), after.c_str());
  return text + (note.empty() ? "" : "   " + note) + "\n";
}

template <typename Write>
std::string FigureLine(const Json& evaluation, const std::string& name, const char* key,
                       Write write, const std::string& note = "") {
  return Line(name, write(evaluation.Find("before")->Find(key)),
              write(evaluation.Find("after")->Find(key)), note);
}

std::string TermLines(const Json& evaluation) {
  std::string text;
  for (const Json& term : evaluation.Find("terms")->AsArray()) {
    const std::string name =
        std::string(term.Bool("value") ? "  " : "  !") + term.Text("attribute");
    text += Line(name, Share(term.Find("before")), Share(term.Find("after")));
  }
  return text;
}

std::string KidNote(const Json& evaluation) {
  const Json* deviation = evaluation.Find("after")->Find("kidDeviation");
  return "+-" + Plain(deviation) + " between " + std::to_string(evaluation.Integer("kidSubsets")) +
         " subsets of " + std::to_string(evaluation.Integer("kidSubsetSize")) + "; " +
         std::to_string(evaluation.Integer("targetFaces")) + " target faces";
}

std::string ChangeLines(const Json& evaluation) {
  std::string text;
  for (const Json& change : evaluation.Find("changes")->AsArray()) {
    text += Line("  " + change.Text("attribute"), Share(change.Find("before")),
                 Share(change.Find("after")), "kept in " + Share(change.Find("kept")));
  }
  return text;
}

std::string JudgeLines(const Json& evaluation) {
  std::string text = "\n" + Line("the judge itself", "accuracy", "balanced");
  for (const Json& line : evaluation.Find("judgeAccuracy")->AsArray()) {
    text += Line("  " + line.Text("attribute"), Share(line.Find("accuracy")),
                 Share(line.Find("balanced")), Share(line.Find("share")) + " have it");
  }
  return text;
}

}  // namespace

std::string EvaluationTable(const Json& evaluation) {
  std::string text = evaluation.Text("model") + ", step " +
                     std::to_string(evaluation.Integer("step")) + ", on " +
                     std::to_string(evaluation.Integer("sourceFaces")) + " held-out faces (" +
                     evaluation.Text("heldOut") + ")\n\n";
  text += Line("", "before", "after");
  text += FigureLine(evaluation, "target rate", "targetRate", Share, evaluation.Text("target"));
  text += TermLines(evaluation);
  text += FigureLine(evaluation, "  the whole target filter", "filterRate", Share);
  text += FigureLine(evaluation, "attribute-KID", "kid", Plain, KidNote(evaluation));
  text += FigureLine(evaluation, "kept", "kept", Share);
  text += ChangeLines(evaluation);
  text += FigureLine(evaluation, "low-L1", "lowL1", Plain);
  text += FigureLine(evaluation, "identity", "identity", Plain,
                     "two photos of one person: " + Plain(evaluation.Find("samePersonIdentity")) +
                         " (" + std::to_string(evaluation.Integer("samePersonPairs")) + " pairs)");
  return text + JudgeLines(evaluation);
}

}  // namespace makeover
