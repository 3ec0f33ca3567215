#include "client/convert_scan.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "storage/face_folder.h"
#include "storage/status_macros.h"
#include "storage/tar.h"

namespace makeover {
namespace {

namespace fs = std::filesystem;

// An absolute path without "." and "..", and without a slash at its end.
fs::path Clean(const std::string& path) {
  std::error_code error;
  fs::path clean = fs::weakly_canonical(path, error);
  if (error) clean = fs::absolute(path).lexically_normal();
  return clean.has_filename() ? clean : clean.parent_path();
}

class Scanner {
 public:
  Scanner(bool recursive, const std::string& out) : recursive_(recursive), out_(Clean(out)) {}

  absl::Status Add(const std::string& path, bool one_of_several) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status)) {
      return absl::NotFoundError(
          absl::StrCat("There is no file or folder ", path, ": check its name."));
    }
    const std::string name = Clean(path).filename().string();
    if (!fs::is_directory(status)) {
      AddFile(path, name);
      return absl::OkStatus();
    }
    if (Clean(path) == out_) {
      return absl::InvalidArgumentError(absl::StrCat(
          "The output folder ", path, " is the input folder: its pictures would be overwritten; ",
          "give another one with --out."));
    }
    return AddFolder(path, one_of_several ? name + "/" : "");
  }

  absl::StatusOr<ConvertScan> Finish(const std::vector<std::string>& paths) {
    if (scan_.inputs.empty()) {
      return absl::FailedPreconditionError(absl::StrCat(
          "There is no picture in ", absl::StrJoin(paths, ", "),
          " (jpg, jpeg, png, bmp, webp, tif, tiff)",
          folders_skipped_ && !recursive_ ? "; folders in it are read with --recursive." : "."));
    }
    std::set<std::string> names;
    for (const ConvertInput& input : scan_.inputs) {
      if (names.insert(input.name).second) continue;
      return absl::FailedPreconditionError(absl::StrCat("Two inputs would both be written to ",
                                                        input.name,
                                                        ": convert them one after the other."));
    }
    return std::move(scan_);
  }

 private:
  absl::Status AddFolder(const fs::path& folder, const std::string& prefix) {
    std::error_code error;
    std::vector<fs::directory_entry> entries;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      entries.push_back(*it);
    }
    if (error) {
      return absl::PermissionDeniedError(
          absl::StrCat("Cannot read the folder ", folder.string(), ": ", error.message(), "."));
    }
    std::sort(entries.begin(), entries.end());
    for (const fs::directory_entry& entry : entries) {
      MK_RETURN_IF_ERROR(AddEntry(entry, prefix + entry.path().filename().string()));
    }
    return absl::OkStatus();
  }

  absl::Status AddEntry(const fs::directory_entry& entry, const std::string& name) {
    if (entry.path().filename().string().front() == '.') return absl::OkStatus();
    std::error_code error;
    if (!entry.is_directory(error)) {
      AddFile(entry.path(), name);
      return absl::OkStatus();
    }
    if (Clean(entry.path()) == out_) return absl::OkStatus();
    if (!recursive_) {
      folders_skipped_ = true;
      return absl::OkStatus();
    }
    // A link could lead round in a circle.
    if (entry.is_symlink(error)) {
      scan_.skipped.push_back({name, "a link to a folder"});
      return absl::OkStatus();
    }
    return AddFolder(entry.path(), name + "/");
  }

  void AddFile(const fs::path& path, const std::string& name) {
    std::error_code error;
    if (!IsSafeTarName(name)) {
      scan_.skipped.push_back({name, "its name has characters that cannot be kept"});
    } else if (!HasPictureExtension(name)) {
      scan_.skipped.push_back({name, "not a picture by its extension"});
    } else if (!fs::is_regular_file(path, error)) {
      scan_.skipped.push_back({name, "not a regular file"});
    } else {
      scan_.inputs.push_back({path.string(), name});
    }
  }

  const bool recursive_;
  const fs::path out_;
  bool folders_skipped_ = false;
  ConvertScan scan_;
};

}  // namespace

absl::StatusOr<ConvertScan> ScanConvertInputs(const std::vector<std::string>& paths, bool recursive,
                                              const std::string& out) {
  Scanner scanner(recursive, out);
  for (const std::string& path : paths) {
    MK_RETURN_IF_ERROR(scanner.Add(path, paths.size() > 1));
  }
  return scanner.Finish(paths);
}

absl::StatusOr<std::string> DefaultConvertOut(const std::vector<std::string>& paths) {
  if (paths.size() != 1) {
    return absl::InvalidArgumentError(
        "More than one path is given: say with --out where the results go.");
  }
  std::error_code error;
  std::string text = paths[0];
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  fs::path path = text;
  if (path.filename() == "." || path.filename() == ".." || path == "/") path = Clean(text);
  if (fs::is_directory(path, error)) return path.string() + "-makeover";
  return (path.parent_path() / path.stem()).string() + "-makeover";
}

}  // namespace makeover
