#include "storage/face_folder.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "storage/face_tables.h"
#include "storage/filter.h"
#include "storage/picture_listing.h"

namespace makeover {
namespace {

constexpr int kClassDepthMax = 8;
constexpr int32_t kPartitionMax = 2;
constexpr int32_t kIdentityMax = 0x7fffffff;

// "3 pictures (a.jpg, b.jpg, c.jpg)", with "..." when there are more.
std::string CountAndNames(size_t count, const std::string& noun,
                          const std::vector<std::string>& first) {
  std::string text = std::to_string(count) + " " + noun + (count == 1 ? "" : "s") + " (";
  for (size_t i = 0; i < first.size(); ++i) text += (i == 0 ? "" : ", ") + first[i];
  return text + (count > first.size() ? ", ...)" : ")");
}

// Counts what is left out and keeps the first names for the warning.
struct LeftOut {
  size_t count = 0;
  std::vector<std::string> first;

  void Add(std::string_view name) {
    if (++count <= 3) first.emplace_back(name);
  }
};

void WarnOfUnusableNames(const std::vector<std::string>& names, FaceFolder* folder) {
  if (names.empty()) return;
  folder->warnings.push_back(
      std::to_string(names.size()) +
      " pictures or folders were left out, since their names are not UTF-8 or hold "
      "control characters; rename them to import them");
}

std::optional<std::string> FindTable(const std::string& dir, const std::string& subfolder,
                                     const std::string& stem) {
  for (const std::string& where : {dir + "/", dir + "/" + subfolder + "/"}) {
    for (const char* extension : {".txt", ".csv"}) {
      if (IsFile(where + stem + extension)) return where + stem + extension;
    }
  }
  return std::nullopt;
}

// CelebA's folder of pictures: as its README has it, as Kaggle unpacks it, as the official archive
// has it.
std::optional<std::string> CelebaPictures(const std::string& dir) {
  for (const char* where :
       {"/img_align_celeba/img_align_celeba", "/img_align_celeba", "/Img/img_align_celeba"}) {
    if (!IsFolder(dir + where)) continue;
    const Outcome<Listing> listing = ListFolder(dir + where);
    if (!listing.ok() || !listing->pictures.empty()) return dir + where;
  }
  return std::nullopt;
}

Problem NoPictures(const std::string& dir, bool empty) {
  if (empty) {
    return Problem{"the folder " + dir + " is empty; name the folder that holds the pictures"};
  }
  return Problem{
      "no picture was found in " + dir +
      " (.jpg, .jpeg, .png, .webp, .bmp, .tif, .tiff; directly, in img_align_celeba, or in a "
      "folder per class); name the folder that holds the pictures"};
}

// Joins the rows of the attribute file with the pictures that are there.
Outcome<FaceFolder> JoinAttributes(const std::string& path, AttributeTable table,
                                   const Listing& listing, FaceFolder folder) {
  std::unordered_map<std::string_view, bool> has_row;
  has_row.reserve(listing.pictures.size());
  for (const std::string& name : listing.pictures) has_row.emplace(name, false);
  folder.attributes = std::move(table.names);
  folder.items.reserve(std::min(table.rows.size(), listing.pictures.size()));
  LeftOut missing;
  for (auto& [name, bits] : table.rows) {
    const auto picture = has_row.find(name);
    if (picture == has_row.end()) {
      missing.Add(name);
      continue;
    }
    if (picture->second) {
      return Problem{path + ": the picture " + name + " has two rows; remove one of them"};
    }
    picture->second = true;
    folder.items.push_back(FaceItem{std::move(name), bits, -1, -1});
  }
  if (folder.items.empty()) {
    return Problem{path + ": none of its " + std::to_string(table.rows.size()) +
                   " rows names a picture in " + folder.pictures +
                   "; check that both belong together and that the extensions agree"};
  }
  LeftOut rowless;
  for (const std::string& name : listing.pictures) {
    if (!has_row[name]) rowless.Add(name);
  }
  if (missing.count > 0) {
    folder.warnings.push_back(CountAndNames(missing.count, "row", missing.first) + " of " + path +
                              " left out: no such picture in " + folder.pictures);
  }
  if (rowless.count > 0) {
    folder.warnings.push_back(CountAndNames(rowless.count, "picture", rowless.first) +
                              " left out: no row in " + path);
  }
  return folder;
}

// Reads an optional file with a number per picture into a field of the items.
Outcome<FaceFolder> JoinNumbers(const std::string& path, int32_t value_max,
                                int32_t FaceItem::*field, FaceFolder folder) {
  const Outcome<std::string> text = ReadTableText(path);
  if (!text.ok()) return text.problem();
  const Outcome<NumberTable> table = ParseNumberTable(path, *text, value_max);
  if (!table.ok()) return table.problem();
  std::unordered_map<std::string_view, size_t> position;
  position.reserve(folder.items.size());
  for (size_t i = 0; i < folder.items.size(); ++i) position.emplace(folder.items[i].file, i);
  for (const auto& [name, value] : table->rows) {
    const auto found = position.find(name);
    if (found != position.end()) folder.items[found->second].*field = value;
  }
  LeftOut unknown;
  for (const FaceItem& item : folder.items) {
    if (item.*field < 0) unknown.Add(item.file);
  }
  if (unknown.count > 0) {
    folder.warnings.push_back(CountAndNames(unknown.count, "picture", unknown.first) +
                              " without a row in " + path + ": kept as unknown");
  }
  return folder;
}

Outcome<FaceFolder> JoinOptionalTables(const std::string& dir, Outcome<FaceFolder> folder) {
  const std::optional<std::string> partition = FindTable(dir, "Eval", "list_eval_partition");
  if (folder.ok() && partition) {
    folder = JoinNumbers(*partition, kPartitionMax, &FaceItem::partition, *std::move(folder));
  }
  const std::optional<std::string> identity = FindTable(dir, "Anno", "identity_CelebA");
  if (folder.ok() && identity) {
    folder = JoinNumbers(*identity, kIdentityMax, &FaceItem::identity, *std::move(folder));
  }
  return folder;
}

// Pictures in one folder, with an attribute file.
Outcome<FaceFolder> ReadWithAttributes(const std::string& dir, const std::string& pictures,
                                       const std::string& path) {
  const Outcome<std::string> text = ReadTableText(path);
  if (!text.ok()) return text.problem();
  Outcome<AttributeTable> table = ParseAttributeTable(path, *text);
  if (!table.ok()) return table.problem();
  const Outcome<Listing> listing = ListFolder(pictures);
  if (!listing.ok()) return listing.problem();
  if (listing->pictures.empty()) return NoPictures(dir, false);
  FaceFolder folder;
  folder.pictures = pictures;
  WarnOfUnusableNames(listing->unusable, &folder);
  return JoinOptionalTables(dir,
                            JoinAttributes(path, *std::move(table), *listing, std::move(folder)));
}

// Pictures in one folder, without an attribute file.
Outcome<FaceFolder> ReadPlain(const std::string& dir, const std::string& pictures,
                              Listing listing) {
  FaceFolder folder;
  folder.pictures = pictures;
  WarnOfUnusableNames(listing.unusable, &folder);
  for (std::string& name : listing.pictures) folder.items.push_back({std::move(name), 0, -1, -1});
  folder.warnings.push_back(
      dir +
      " has no list_attr_celeba.txt and no folder per class: the pictures have no "
      "attributes, so a filter cannot tell them apart");
  return JoinOptionalTables(dir, std::move(folder));
}

std::string ClassName(std::string folder) {
  std::replace_if(
      folder.begin(), folder.end(), [](char c) { return c == ' '; }, '_');
  return folder;
}

// Adds the pictures of one class; an empty class is no attribute.
std::optional<Problem> AddClass(const std::string& dir, const std::string& name,
                                FaceFolder* folder) {
  const Outcome<Listing> tree = ListTree(dir + "/" + name, kClassDepthMax);
  if (!tree.ok()) return tree.problem();
  WarnOfUnusableNames(tree->unusable, folder);
  if (tree->pictures.empty()) return std::nullopt;
  const size_t bit = folder->attributes.size();
  if (bit == kAttributesMax) {
    return Problem{
        dir + " has more than " + std::to_string(kAttributesMax) +
        " folders with pictures, and each would be an attribute; import fewer, or put the "
        "pictures into one folder"};
  }
  if (FindAttribute(ClassName(name), folder->attributes)) {
    return Problem{dir + " has two folders whose names differ only in case, blanks, - and _ (" +
                   name + "), and filters compare names without these; rename one of them"};
  }
  folder->attributes.push_back(ClassName(name));
  for (const std::string& file : tree->pictures) {
    folder->items.push_back({name + "/" + file, uint64_t{1} << bit, -1, -1});
  }
  return std::nullopt;
}

// A folder per class; pictures that lie beside the folders belong to none.
Outcome<FaceFolder> ReadClasses(const std::string& dir, const Listing& listing) {
  FaceFolder folder;
  folder.pictures = dir;
  for (const std::string& name : listing.folders) {
    if (std::optional<Problem> problem = AddClass(dir, name, &folder)) return *std::move(problem);
  }
  if (folder.items.empty() && listing.pictures.empty()) {
    return NoPictures(dir, listing.folders.empty() && listing.other_files == 0);
  }
  if (folder.items.empty()) return ReadPlain(dir, dir, listing);
  WarnOfUnusableNames(listing.unusable, &folder);
  for (const std::string& name : listing.pictures) folder.items.push_back({name, 0, -1, -1});
  std::sort(folder.items.begin(), folder.items.end(),
            [](const FaceItem& a, const FaceItem& b) { return a.file < b.file; });
  return folder;
}

}  // namespace

Outcome<FaceFolder> ReadFaceFolder(const std::string& dir) {
  if (!IsFolder(dir)) {
    const std::string why =
        IsFile(dir) ? " is a file, not a folder" : " does not exist or cannot be entered";
    return Problem{"the folder " + dir + why + "; name the folder that holds the pictures"};
  }
  const std::optional<std::string> pictures = CelebaPictures(dir);
  const std::optional<std::string> table = FindTable(dir, "Anno", "list_attr_celeba");
  if (table) return ReadWithAttributes(dir, pictures.value_or(dir), *table);
  Outcome<Listing> listing = ListFolder(pictures.value_or(dir));
  if (!listing.ok()) return listing.problem();
  if (pictures) return ReadPlain(dir, *pictures, *std::move(listing));
  return ReadClasses(dir, *listing);
}

}  // namespace makeover
