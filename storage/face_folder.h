#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/outcome.h"

namespace makeover {

// One picture of a folder.
struct FaceItem {
  std::string file;         // relative to FaceFolder::pictures, with `/`, valid UTF-8
  uint64_t attributes = 0;  // bit i: it has attribute i
  int32_t partition = -1;   // 0 training, 1 validation, 2 test, -1 unknown
  int32_t identity = -1;    // a person, or -1 unknown
};

// The pictures of a folder and what its files say about them.
struct FaceFolder {
  std::string pictures;                 // the folder that the items' files are in
  std::vector<std::string> attributes;  // at most kAttributesMax names, without blanks
  std::vector<FaceItem> items;          // in the attribute file's order, else by name
  std::vector<std::string> warnings;    // sentences: what was left out, and why
};

// Reads a folder in one of these layouts:
//  * CelebA's: pictures in DIR/img_align_celeba (also Kaggle's doubled folder, and the official
//  Img/) or in DIR itself, with
//    list_attr_celeba.txt and, optionally, list_eval_partition.txt and identity_CelebA.txt in DIR
//    (or its Anno/, Eval/); or their .csv copies. LF or CRLF; values are 1 and -1 or 0. Landmark
//    files are not needed and not read.
//  * A folder per class (trainA/ trainB/, or class/...): one attribute per folder, under its name.
//  * Pictures alone: no attributes, and a warning.
// Only names are read, never a picture. Hidden files, and files with another extension than .jpg,
// .jpeg, .png, .webp, .bmp, .tif and .tiff, are passed over; a row without its picture and a
// picture without its row are left out with a warning. Fails with a sentence if there is no such
// folder or no picture in it, and if a file is truncated, malformed or a web page. Formats: Liu,
// Luo, Wang, Tang, "Deep Learning Face Attributes in the Wild", ICCV 2015, README of CelebA.
Outcome<FaceFolder> ReadFaceFolder(const std::string& dir);

// Whether a file name has one of the extensions above.
bool HasPictureExtension(const std::string& name);

}  // namespace makeover
