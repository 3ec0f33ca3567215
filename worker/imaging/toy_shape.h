// The measures of one drawn face, and the curves they are drawn with. Coordinates are pixels of the
// 178 x 218 picture, x from the middle of the face (kFaceMiddle), y from the top; the pose is
// applied when they are drawn.
#pragma once

#include <vector>

#include "worker/imaging/toy_cast.h"

namespace makeover {

// Means of CelebA's aligned landmarks.
inline constexpr double kFaceMiddle = 88.45;
inline constexpr double kEyeX = 19.25;
inline constexpr double kEyeY = 111.2;
inline constexpr double kNoseY = 134.9;
inline constexpr double kMouthY = 152.0;

struct ToyPoint {
  double x = 0;
  double y = 0;
};
using ToyCurve = std::vector<ToyPoint>;

// R, G, B from 0 to 255.
struct ToyColour {
  double r = 0;
  double g = 0;
  double b = 0;
};
ToyColour Mixed(ToyColour from, ToyColour to, double share);
ToyColour Scaled(ToyColour colour, double factor);

// Through all points, rounded (Catmull-Rom): `steps` points for each given one.
ToyCurve Smooth(const ToyCurve& points, bool closed, int steps = 6);
// The points, and their mirror image on the other side, as a closed outline. From the top to the
// bottom of the right side.
ToyCurve Mirrored(const ToyCurve& right_side);
ToyCurve Ellipse(double x, double y, double radius_x, double radius_y);
// A stroke along a smoothed line, `start`, `middle` and `end` wide.
ToyCurve Ribbon(const ToyCurve& line, double start, double middle, double end);
// x times `side` (-1 or 1).
ToyCurve OnSide(ToyCurve curve, double side);
ToyCurve Moved(ToyCurve curve, double dx, double dy);

struct ToyShape {
  // Half widths from the middle.
  double width, jaw, chin, neck;
  double top_y, chin_y;
  double eye_half, eye_upper, eye_lower, eye_tilt;
  double brow_y, brow_weight, brow_arch;
  double nose_half, nose_y;
  double mouth_half, corner_y, lip_upper, lip_lower, mouth_gap;
  double outline_dx, nose_dx, mouth_dx;  // by the turn of the head
  ToyColour skin, shadow, light, lips, iris, hair, brow;
};

ToyShape ShapeOf(const ToyFace& face);

// The outline of the face, from the skull to the chin, closed.
ToyCurve FaceOutline(const ToyShape& shape);

}  // namespace makeover
