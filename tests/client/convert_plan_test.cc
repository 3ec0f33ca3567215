// What a conversion decides by looking at folders alone.

#include <gtest/gtest.h>
#include <unistd.h>

#include "client/convert_manifest.h"
#include "client/convert_scan.h"
#include "storage/sha256.h"
#include "tests/client/temp_folder.h"

namespace makeover {
namespace {

std::vector<std::string> Names(const ConvertScan& scan) {
  std::vector<std::string> names;
  for (const ConvertInput& input : scan.inputs) names.push_back(input.name);
  return names;
}

using Strings = std::vector<std::string>;

TEST(ScanConvertInputs, AFolderGivesItsPicturesByName) {
  const TempFolder in;
  for (const char* name : {"b.jpg", "a.PNG", "c.jpeg", ".hidden.jpg", "notes.txt", "sub/d.jpg"}) {
    in.Write(name, "x");
  }
  const auto scan = ScanConvertInputs({in.path()}, false, in.path() + "-makeover");
  ASSERT_TRUE(scan.ok()) << scan.status();
  EXPECT_EQ(Names(*scan), (Strings{"a.PNG", "b.jpg", "c.jpeg"}));
  ASSERT_EQ(scan->skipped.size(), 1u);
  EXPECT_EQ(scan->skipped[0].name, "notes.txt");
  EXPECT_EQ(scan->skipped[0].reason, "not a picture by its extension");
}

TEST(ScanConvertInputs, RecursiveKeepsTheTreeAndFollowsNoLinks) {
  const TempFolder in;
  in.Write("a.jpg", "x");
  in.Write("sub/deep/d.jpg", "x");
  ASSERT_EQ(symlink(in.path().c_str(), (in / "sub/round").c_str()), 0);
  const auto scan = ScanConvertInputs({in.path()}, true, "/elsewhere");
  ASSERT_TRUE(scan.ok()) << scan.status();
  EXPECT_EQ(Names(*scan), (Strings{"a.jpg", "sub/deep/d.jpg"}));
  ASSERT_EQ(scan->skipped.size(), 1u);
  EXPECT_EQ(scan->skipped[0].name, "sub/round");
}

TEST(ScanConvertInputs, TheOutputFolderInsideTheInputIsPassedOver) {
  const TempFolder in;
  in.Write("a.jpg", "x");
  in.Write("out/a.jpg", "converted");
  const auto scan = ScanConvertInputs({in.path()}, true, in / "out");
  ASSERT_TRUE(scan.ok());
  EXPECT_EQ(Names(*scan), Strings{"a.jpg"});
}

TEST(ScanConvertInputs, SeveralPathsKeepTheirNamesApart) {
  const TempFolder in;
  in.Write("one/a.jpg", "x");
  in.Write("two/a.jpg", "x");
  in.Write("b.jpg", "x");
  const auto scan = ScanConvertInputs({in / "one", in / "two/", in / "b.jpg"}, false, "/elsewhere");
  ASSERT_TRUE(scan.ok()) << scan.status();
  EXPECT_EQ(Names(*scan), (Strings{"one/a.jpg", "two/a.jpg", "b.jpg"}));
}

TEST(ScanConvertInputs, Refusals) {
  const TempFolder in;
  in.Write("empty/notes.txt", "x");
  in.Write("nested/sub/a.jpg", "x");
  in.Write("one/a.jpg", "x");
  in.Write("two/a.jpg", "x");
  const auto message = [](const absl::StatusOr<ConvertScan>& scan) {
    return std::string(scan.status().message());
  };
  const auto gone = ScanConvertInputs({in / "gone"}, false, "/o");
  EXPECT_EQ(gone.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(message(gone), "There is no file or folder " + in / "gone" + ": check its name.");

  const auto empty = ScanConvertInputs({in / "empty"}, false, "/o");
  EXPECT_EQ(empty.status().code(), absl::StatusCode::kFailedPrecondition);
  const auto nested = ScanConvertInputs({in / "nested"}, false, "/o");
  EXPECT_NE(message(nested).find("folders in it are read with --recursive."), std::string::npos);

  const auto same = ScanConvertInputs({in / "one"}, false, in / "one/");
  EXPECT_EQ(same.status().code(), absl::StatusCode::kInvalidArgument);
  const auto twice = ScanConvertInputs({in / "one/a.jpg", in / "two/a.jpg"}, false, "/o");
  EXPECT_EQ(message(twice),
            "Two inputs would both be written to a.jpg: convert them one after the other.");
}

TEST(DefaultConvertOut, BesideTheInput) {
  const TempFolder in;
  in.Write("photos/a.b.jpg", "x");
  EXPECT_EQ(DefaultConvertOut({in / "photos/"}).value(), in / "photos-makeover");
  EXPECT_EQ(DefaultConvertOut({in / "photos/."}).value(), in / "photos-makeover");
  EXPECT_EQ(DefaultConvertOut({in / "photos/a.b.jpg"}).value(), in / "photos/a.b-makeover");
  EXPECT_EQ(DefaultConvertOut({"a", "b"}).status().code(), absl::StatusCode::kInvalidArgument);
}

client::ManifestLine Line(const std::string& file, const std::string& status) {
  client::ManifestLine line;
  line.set_file(file);
  line.set_status(status);
  return line;
}

TEST(Manifest, TheLastLineOfAFileCounts) {
  const TempFolder out;
  auto manifest = Manifest::Load(out.path());
  ASSERT_TRUE(manifest.ok());
  EXPECT_EQ(manifest->Find("a.jpg"), nullptr);
  ASSERT_TRUE(manifest->Append({Line("a.jpg", "failed"), Line("b.jpg", "failed")}).ok());
  ASSERT_TRUE(manifest->Append({Line("a.jpg", "converted")}).ok());
  auto again = Manifest::Load(out.path());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->Find("a.jpg")->status(), "converted");
  EXPECT_EQ(again->Find("b.jpg")->status(), "failed");
  ASSERT_TRUE(again->Rewrite({Line("a.jpg", "converted")}).ok());
  EXPECT_EQ(ParseManifestLines(out.Read("manifest.jsonl")).size(), 1u);
  EXPECT_EQ(again->Find("b.jpg"), nullptr);
}

TEST(Manifest, ATornLineSpoilsNeitherItsNeighboursNorTheNext) {
  const TempFolder out;
  const std::string whole = FormatManifestLine(Line("a.jpg", "converted"));
  out.Write("manifest.jsonl", whole + whole.substr(0, whole.size() / 2));
  auto manifest = Manifest::Load(out.path());
  ASSERT_TRUE(manifest.ok());
  EXPECT_NE(manifest->Find("a.jpg"), nullptr);
  ASSERT_TRUE(manifest->Append({Line("b.jpg", "converted")}).ok());
  auto again = Manifest::Load(out.path());
  EXPECT_NE(again->Find("a.jpg"), nullptr);
  EXPECT_NE(again->Find("b.jpg"), nullptr);
}

TEST(Manifest, ALineHasWhatScriptsRead) {
  EXPECT_EQ(
      FormatManifestLine(Line("a \"b\".jpg", "skipped"))
          .rfind("{\"file\":\"a \\\"b\\\".jpg\",\"status\":\"skipped\",\"reason\":\"\",\"faces\":0,"
                 "\"seconds\":0,",
                 0),
      0u);
}

TEST(IsConverted, OnlyWhatIsWholeAndMadeInThisWay) {
  const TempFolder out;
  out.Write("a.jpg", "content");
  client::ManifestLine line = Line("a.jpg", "converted");
  line.set_checkpoint("c");
  line.set_strength(0.5);
  line.set_source_sha256("s");
  line.set_size(7);
  line.set_sha256(Sha256Hex("content"));
  EXPECT_TRUE(IsConverted(line, out.path(), "c", 0.5, "s"));
  EXPECT_FALSE(IsConverted(line, out.path(), "other", 0.5, "s"));
  EXPECT_FALSE(IsConverted(line, out.path(), "c", 1, "s"));
  EXPECT_FALSE(IsConverted(line, out.path(), "c", 0.5, "changed"));
  out.Write("a.jpg", "conten");  // truncated
  EXPECT_FALSE(IsConverted(line, out.path(), "c", 0.5, "s"));
  out.Write("a.jpg", "damaged");  // of the same size
  EXPECT_FALSE(IsConverted(line, out.path(), "c", 0.5, "s"));
  std::filesystem::remove(out / "a.jpg");
  EXPECT_FALSE(IsConverted(line, out.path(), "c", 0.5, "s"));
  line.set_status("failed");
  out.Write("a.jpg", "content");
  EXPECT_FALSE(IsConverted(line, out.path(), "c", 0.5, "s"));
}

TEST(ConvertState, IsFoundAgain) {
  const TempFolder out;
  EXPECT_EQ(LoadConvertState(out.path()).status().code(), absl::StatusCode::kNotFound);
  client::ConvertState state;
  state.set_request_id("r");
  state.set_model("m@5");
  state.add_shards()->add_files()->set_name("a.jpg");
  ASSERT_TRUE(SaveConvertState(out.path(), state).ok());
  const auto found = LoadConvertState(out.path());
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->SerializeAsString(), state.SerializeAsString());
  RemoveConvertState(out.path());
  EXPECT_FALSE(LoadConvertState(out.path()).ok());
  out.Write(".makeover-job.json", "{\"reque");
  EXPECT_EQ(LoadConvertState(out.path()).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace makeover
