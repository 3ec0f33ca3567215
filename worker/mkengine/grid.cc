#include <exception>
#include <span>

#include "worker/engine/error.h"
#include "worker/engine/file.h"
#include "worker/imaging/codec.h"
#include "worker/imaging/sheet.h"
#include "worker/mkengine/command.h"
#include "worker/mkengine/picture_sources.h"

namespace makeover {
namespace {

// A picture that cannot be read leaves its cell blank, with the reason under it.
SheetEntry Entry(const PictureList& pictures, int64_t row) {
  try {
    const std::string bytes = pictures.read(row);
    return {DecodePicture({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}),
            pictures.name(row)};
  } catch (const std::exception& error) {
    return {Picture(), pictures.name(row) + ": " + error.what()};
  }
}

}  // namespace

int RunGrid(const Arguments& arguments, const Surroundings& around) {
  for (const char* name : {"--index", "--shards", "--rows", "--out"}) {
    if (!arguments.Has(name)) throw UsageError("mkengine grid needs " + std::string(name) + ".");
  }
  EmitStart("grid", {"cpu", engine::Precision::kFp32, 1}, around);
  const PictureList pictures =
      PicturesOf(ReadIndex(arguments.Text("--index")), arguments.Text("--shards"));
  std::vector<SheetEntry> entries;
  for (const int64_t row : ReadRows(arguments.Text("--rows"))) {
    if (row >= pictures.count) {
      throw engine::EngineError(engine::ErrorClass::kUser, "bad_rows",
                                "Row " + std::to_string(row) + " is not in the index.",
                                "Make rows and index from the same dataset.");
    }
    entries.push_back(Entry(pictures, row));
  }
  if (entries.empty()) {
    throw engine::EngineError(engine::ErrorClass::kUser, "no_pictures", "There is no row to show.",
                              "Choose a filter that selects pictures.");
  }
  const std::vector<uint8_t> png = EncodePicture(ContactSheet(entries), PictureFormat::kPng);
  engine::WriteFileAtomically(arguments.Text("--out"),
                              {reinterpret_cast<const char*>(png.data()), png.size()});
  around.events->Emit(
      Json::Object{{"event", "done"}, {"pictures", static_cast<int64_t>(entries.size())}});
  return kExitDone;
}

}  // namespace makeover
