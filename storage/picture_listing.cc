#include "storage/picture_listing.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "storage/face_folder.h"

namespace makeover {
namespace {

constexpr std::array<std::string_view, 7> kExtensions = {".jpg", ".jpeg", ".png", ".webp",
                                                         ".bmp", ".tif",  ".tiff"};

struct CloseDir {
  void operator()(DIR* dir) const { closedir(dir); }
};

bool IsMode(const std::string& path, mode_t wanted) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && (status.st_mode & S_IFMT) == wanted;
}

// Length of the UTF-8 sequence at the start of `text`, or 0 if it is malformed (RFC 3629,
// surrogates aside).
size_t SequenceLength(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t length = lead < 0x80                    ? 1
                        : lead >= 0xC2 && lead < 0xE0  ? 2
                        : lead >= 0xE0 && lead < 0xF0  ? 3
                        : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                       : 0;
  if (length == 0 || length > text.size()) return 0;
  const bool continued = std::all_of(text.begin() + 1, text.begin() + static_cast<long>(length),
                                     [](char c) { return (c & 0xC0) == 0x80; });
  return continued ? length : 0;
}

// Rows of an index are lines, and names on the wire are UTF-8.
bool IsUsableName(std::string_view name) {
  while (!name.empty()) {
    const size_t length = SequenceLength(name);
    if (length == 0 || std::iscntrl(static_cast<unsigned char>(name[0])) != 0) return false;
    name.remove_prefix(length);
  }
  return true;
}

void AddEntry(const std::string& dir, const dirent& entry, Listing* listing) {
  std::string name = entry.d_name;
  if (name.starts_with('.') || name == "__MACOSX") return;
  const bool known = entry.d_type == DT_REG || entry.d_type == DT_DIR;
  const bool folder = known ? entry.d_type == DT_DIR : IsFolder(dir + "/" + name);
  const bool file = known ? entry.d_type == DT_REG : IsFile(dir + "/" + name);
  if (!folder && !(file && HasPictureExtension(name))) {
    ++listing->other_files;
  } else if (!IsUsableName(name)) {
    listing->unusable.push_back(std::move(name));
  } else if (folder) {
    listing->folders.push_back(std::move(name));
  } else {
    listing->pictures.push_back(std::move(name));
  }
}

void AppendUnder(const std::string& folder, std::vector<std::string> from,
                 std::vector<std::string>* to) {
  for (std::string& name : from) to->push_back(folder + "/" + name);
}

}  // namespace

bool IsFolder(const std::string& path) { return IsMode(path, S_IFDIR); }
bool IsFile(const std::string& path) { return IsMode(path, S_IFREG); }

bool HasPictureExtension(const std::string& name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string::npos) return false;
  std::string extension = name.substr(dot);
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
}

Outcome<Listing> ListFolder(const std::string& dir) {
  const std::unique_ptr<DIR, CloseDir> stream(opendir(dir.c_str()));
  if (stream == nullptr) {
    return Problem{"the folder " + dir + " cannot be read (" + std::strerror(errno) +
                   "); check the path and its permissions"};
  }
  Listing listing;
  while (true) {
    errno = 0;
    const dirent* entry = readdir(stream.get());
    if (entry == nullptr) break;
    AddEntry(dir, *entry, &listing);
  }
  if (errno != 0) {
    return Problem{"reading the folder " + dir + " failed (" + std::strerror(errno) +
                   "); check the disk, then try again"};
  }
  std::sort(listing.pictures.begin(), listing.pictures.end());
  std::sort(listing.folders.begin(), listing.folders.end());
  std::sort(listing.unusable.begin(), listing.unusable.end());
  return listing;
}

Outcome<Listing> ListTree(const std::string& dir, int depth) {
  Outcome<Listing> tree = ListFolder(dir);
  if (!tree.ok()) return tree;
  std::vector<std::string> folders = std::exchange(tree->folders, {});
  if (depth == 0) return tree;
  for (const std::string& folder : folders) {
    Outcome<Listing> inner = ListTree(dir + "/" + folder, depth - 1);
    if (!inner.ok()) return inner;
    AppendUnder(folder, std::move(inner->pictures), &tree->pictures);
    AppendUnder(folder, std::move(inner->unusable), &tree->unusable);
    tree->other_files += inner->other_files;
  }
  return tree;
}

}  // namespace makeover
