// Who stands before the camera: drawn persons, and the pictures of them, as numbers and attributes.
// Nothing is drawn here.
#pragma once

#include <cstdint>

#include "worker/imaging/toy_attributes.h"

namespace makeover {

// What all pictures of one person share. Deviations are bell-shaped around 0 and mean the same for
// everybody; what an attribute does to the face comes on top when it is drawn.
struct ToyPerson {
  uint64_t seed = 0;     // of the details that are the same in each picture
  ToyAttributes traits;  // attributes that hold in each picture
  double width = 0, jaw = 0, chin = 0, chin_length = 0;
  double eye_size = 0, eye_tilt = 0, brow_height = 0, brow_weight = 0;
  double nose_width = 0, nose_length = 0, mouth_width = 0, lip_weight = 0;
  double skin = 0;      // 0 is the lightest tone, 1 the darkest
  double shade = 0;     // of the hair, within its colour
  double volume = 0;    // of the hair
  double part = 0;      // where the hair is parted: -1 left to 1 right
  int iris = 0;         // 0 brown, 1 dark brown, 2 blue, 3 green, 4 gray
  int hair_length = 0;  // 0 short or tied up, 1 to the chin, 2 to the shoulders
  int beard = 0;        // 0 none, 1 shadow, 2 goatee, 3 mustache, 4 both, 5 full
};

// How one picture was taken. Small, as the pictures are aligned.
struct ToyPose {
  double turn = 0;                  // -1 to the left, 1 to the right: moves nose, mouth and outline
  double tilt = 0;                  // degrees
  double shift_x = 0, shift_y = 0;  // pixels
  double size = 1;
  double light = 0;  // -1 from the left, 1 from the right
  double gaze = 0;
};

struct ToyFace {
  ToyPerson person;
  ToyPose pose;
  uint64_t seed = 0;  // of the background, the clothes and the noise
  // All 40. The drawing follows these alone, so that a test can change one and draw the same
  // picture again.
  ToyAttributes attributes;
};

// The person of this number; the same for the same (seed, number).
ToyPerson MakeToyPerson(uint64_t seed, int number);

// The picture `index` of a person; attributes that belong together are drawn together (makeup and
// lipstick, smile and teeth).
ToyFace MakeToyFace(uint64_t seed, const ToyPerson& person, int index);

// The rule behind the label Attractive, a sum of points over the visible attributes:
//   +2 Young; +1 each of Oval_Face, High_Cheekbones, Arched_Eyebrows, Heavy_Makeup, Pointy_Nose,
//      Wearing_Lipstick and, on a face without Heavy_Makeup, Bushy_Eyebrows;
//   -1 each of Bags_Under_Eyes, Big_Nose, Eyeglasses, Receding_Hairline, Gray_Hair, Blurry,
//      Wearing_Hat, Narrow_Eyes;
//   -2 each of Chubby, Double_Chin, Bald.
// Attractive from 3 points on. Faces below it are drawn with uneven skin and brows, so that the
// label can be seen.
bool IsToyAttractive(ToyAttributes attributes);

}  // namespace makeover
