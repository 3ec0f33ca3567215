#include "worker/imaging/toy_shape.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "worker/imaging/toy_random.h"

namespace makeover {
namespace {

using enum ToyAttribute;

constexpr std::array<ToyColour, 6> kSkinTones = {{{240, 204, 180},
                                                  {231, 188, 158},
                                                  {216, 166, 132},
                                                  {188, 137, 103},
                                                  {146, 99, 72},
                                                  {106, 70, 52}}};
constexpr ToyColour kPale = {241, 219, 206};
constexpr std::array<ToyColour, 5> kIrises = {
    {{110, 70, 38}, {62, 38, 26}, {82, 124, 168}, {96, 122, 76}, {122, 132, 138}}};
constexpr std::array<ToyColour, 4> kLipsticks = {
    {{196, 22, 44}, {214, 54, 96}, {150, 20, 62}, {222, 66, 56}}};

ToyColour SkinOf(const ToyFace& face) {
  if (face.attributes.has(kPaleSkin)) return kPale;
  const double place = std::clamp(face.person.skin, 0.0, 0.999) * (kSkinTones.size() - 1);
  const auto index = static_cast<size_t>(place);
  return Mixed(kSkinTones[index], kSkinTones[index + 1], place - static_cast<double>(index));
}

ToyColour HairOf(const ToyFace& face) {
  const double shade = 1 + 0.12 * face.person.shade;
  const ToyAttributes& has = face.attributes;
  if (has.has(kBlackHair)) return Scaled({30, 25, 24}, shade);
  if (has.has(kBlondHair)) return Scaled({218, 182, 112}, 1 + 0.05 * face.person.shade);
  if (has.has(kGrayHair)) return Scaled({172, 170, 168}, 1 + 0.08 * face.person.shade);
  if (has.has(kBrownHair)) return Scaled({98, 62, 38}, shade);
  return Scaled({116, 52, 30}, shade);
}

ToyColour LipsOf(const ToyFace& face, ToyColour skin) {
  if (face.attributes.has(kWearingLipstick)) {
    ToyRandom random(face.person.seed, 7, 0);
    return kLipsticks[static_cast<size_t>(random.Below(static_cast<int>(kLipsticks.size())))];
  }
  const ToyColour bare = Mixed(skin, {168, 74, 72}, 0.42);
  return face.attributes.has(kMale) ? Mixed(bare, skin, 0.25) : bare;
}

void SetColours(const ToyFace& face, ToyShape& shape) {
  shape.skin = SkinOf(face);
  const ToyColour& skin = shape.skin;
  shape.shadow = {skin.r * 0.66, skin.g * 0.53, skin.b * 0.48};
  shape.light = Mixed(Scaled(skin, 1.18), {255, 246, 234}, 0.4 * skin.g / 200);
  shape.lips = LipsOf(face, skin);
  shape.iris = kIrises[static_cast<size_t>(face.person.iris)];
  shape.hair = HairOf(face);
  const bool fair = face.attributes.has(kBlondHair);
  shape.brow = fair ? ToyColour{138, 102, 62} : Scaled(shape.hair, 0.72);
}

void SetHead(const ToyFace& face, ToyShape& shape) {
  const ToyAttributes& has = face.attributes;
  const ToyPerson& person = face.person;
  const bool male = has.has(kMale);
  shape.width = (male ? 39.2 : 37.0) + person.width * 1.1 + (has.has(kChubby) ? 3.2 : 0);
  shape.jaw = shape.width * (male ? 0.86 : 0.745) + person.jaw * 1.1;
  shape.chin = (male ? 15.5 : 9.5) + person.chin * 1.3;
  shape.chin_y = (male ? 183.0 : 179.0) + person.chin_length * 1.4;
  if (has.has(kOvalFace)) {
    shape.width -= 1.2;
    shape.jaw = shape.width * (male ? 0.79 : 0.72);
    shape.chin_y += 1.5;
  }
  if (has.has(kChubby)) shape.jaw = shape.width * 0.92;
  if (has.has(kChubby)) shape.chin += 6;
  shape.top_y = 43;
  shape.neck = (male ? 29 : 22.5) + (has.has(kChubby) ? 3 : 0);
}

void SetEyes(const ToyFace& face, ToyShape& shape) {
  const ToyAttributes& has = face.attributes;
  const ToyPerson& person = face.person;
  const bool male = has.has(kMale);
  shape.eye_half = (male ? 8.7 : 9.2) + person.eye_size * 0.35;
  const double open =
      (has.has(kNarrowEyes) ? 0.6 : 1.0) * (has.has(kSmiling) ? 0.88 : 1.0) * (male ? 0.92 : 1.06);
  shape.eye_upper = (4.3 + person.eye_size * 0.3) * open;
  shape.eye_lower = 2.7 * open;
  shape.eye_tilt = 0.5 + person.eye_tilt * 0.45;
  shape.brow_y = (male ? 100.2 : 98.2) + person.brow_height * 0.8;
  shape.brow_weight = (male ? 3.3 : 2.1) + person.brow_weight * 0.3;
  if (has.has(kBushyEyebrows)) shape.brow_weight += 2.4;
  shape.brow_arch = has.has(kArchedEyebrows) ? 4.6 : (male ? 0.8 : 2.0);
}

void SetNoseAndMouth(const ToyFace& face, ToyShape& shape) {
  const ToyAttributes& has = face.attributes;
  const ToyPerson& person = face.person;
  const bool male = has.has(kMale);
  shape.nose_half = (male ? 10.2 : 8.7) + person.nose_width * 0.5;
  if (has.has(kBigNose)) shape.nose_half += 3.6;
  if (has.has(kPointyNose)) shape.nose_half -= 1.4;
  shape.nose_y = kNoseY + person.nose_length * 0.6 + (has.has(kBigNose) ? 1.2 : 0);
  const bool smiling = has.has(kSmiling);
  shape.mouth_half = (smiling ? 19.2 : 15.4) + person.mouth_width * 0.6;
  shape.corner_y = smiling ? -2.8 : 0.7;
  const double weight = 1 + 0.1 * person.lip_weight;
  const double thin = has.has(kYoung) ? 1.0 : 0.85;
  shape.lip_upper = (male ? 2.7 : 3.4) * weight * thin + (has.has(kBigLips) ? 1.6 : 0);
  shape.lip_lower = (male ? 3.8 : 4.8) * weight * thin + (has.has(kBigLips) ? 2.2 : 0);
  shape.mouth_gap = has.has(kMouthSlightlyOpen) ? (smiling ? 6.4 : 5.0) : 0;
}

}  // namespace

ToyColour Mixed(ToyColour from, ToyColour to, double share) {
  return {from.r + (to.r - from.r) * share, from.g + (to.g - from.g) * share,
          from.b + (to.b - from.b) * share};
}

ToyColour Scaled(ToyColour colour, double factor) {
  return {std::clamp(colour.r * factor, 0.0, 255.0), std::clamp(colour.g * factor, 0.0, 255.0),
          std::clamp(colour.b * factor, 0.0, 255.0)};
}

ToyCurve Smooth(const ToyCurve& points, bool closed, int steps) {
  const auto count = static_cast<int>(points.size());
  if (count < 3) return points;
  const auto at = [&](int i) -> const ToyPoint& {
    const int index = closed ? (i + count) % count : std::clamp(i, 0, count - 1);
    return points[static_cast<size_t>(index)];
  };
  ToyCurve curve;
  const int pieces = closed ? count : count - 1;
  curve.reserve(static_cast<size_t>(pieces) * static_cast<size_t>(steps) + 1);
  for (int i = 0; i < pieces; ++i) {
    const ToyPoint &a = at(i - 1), &b = at(i), &c = at(i + 1), &d = at(i + 2);
    for (int step = 0; step < steps; ++step) {
      const double t = static_cast<double>(step) / steps;
      const auto blend = [t](double p, double q, double r, double s) {
        return 0.5 * (2 * q + (r - p) * t + (2 * p - 5 * q + 4 * r - s) * t * t +
                      (3 * q - p - 3 * r + s) * t * t * t);
      };
      curve.push_back({blend(a.x, b.x, c.x, d.x), blend(a.y, b.y, c.y, d.y)});
    }
  }
  if (!closed) curve.push_back(points.back());
  return curve;
}

ToyCurve Mirrored(const ToyCurve& right_side) {
  ToyCurve curve = right_side;
  for (auto point = right_side.rbegin(); point != right_side.rend(); ++point) {
    if (point->x != 0) curve.push_back({-point->x, point->y});
  }
  return curve;
}

ToyCurve Ellipse(double x, double y, double radius_x, double radius_y) {
  constexpr int kPoints = 24;
  constexpr double kTurn = 6.283185307179586;
  ToyCurve curve;
  curve.reserve(kPoints);
  for (int i = 0; i < kPoints; ++i) {
    const double angle = kTurn * i / kPoints;
    curve.push_back({x + radius_x * std::cos(angle), y + radius_y * std::sin(angle)});
  }
  return curve;
}

ToyCurve Ribbon(const ToyCurve& line, double start, double middle, double end) {
  const ToyCurve path = Smooth(line, /*closed=*/false);
  const size_t count = path.size();
  ToyCurve outline(2 * count);
  for (size_t i = 0; i < count; ++i) {
    const ToyPoint& before = path[i == 0 ? 0 : i - 1];
    const ToyPoint& after = path[i + 1 == count ? i : i + 1];
    const double dx = after.x - before.x, dy = after.y - before.y;
    const double length = std::max(1e-6, std::sqrt(dx * dx + dy * dy));
    const double t = static_cast<double>(i) / static_cast<double>(std::max<size_t>(1, count - 1));
    const double width =
        t < 0.5 ? start + (middle - start) * 2 * t : middle + (end - middle) * (2 * t - 1);
    const double nx = -dy / length * width / 2, ny = dx / length * width / 2;
    outline[i] = {path[i].x + nx, path[i].y + ny};
    outline[2 * count - 1 - i] = {path[i].x - nx, path[i].y - ny};
  }
  return outline;
}

ToyCurve OnSide(ToyCurve curve, double side) {
  for (ToyPoint& point : curve) point.x *= side;
  return curve;
}

ToyCurve Moved(ToyCurve curve, double dx, double dy) {
  for (ToyPoint& point : curve) point = {point.x + dx, point.y + dy};
  return curve;
}

ToyShape ShapeOf(const ToyFace& face) {
  ToyShape shape{};
  SetColours(face, shape);
  SetHead(face, shape);
  SetEyes(face, shape);
  SetNoseAndMouth(face, shape);
  shape.outline_dx = -1.2 * face.pose.turn;
  shape.nose_dx = 3.0 * face.pose.turn;
  shape.mouth_dx = 1.9 * face.pose.turn;
  return shape;
}

ToyCurve FaceOutline(const ToyShape& shape) {
  const double w = shape.width;
  const ToyCurve side = {{0, shape.top_y},
                         {23, shape.top_y + 4},
                         {w * 0.91, 65},
                         {w * 0.985, 90},
                         {w, 112},
                         {w * 0.965, 135},
                         {shape.jaw, 157},
                         {(shape.jaw + shape.chin) * 0.56, 170},
                         {shape.chin, shape.chin_y - 4},
                         {shape.chin * 0.45, shape.chin_y - 0.6},
                         {0, shape.chin_y}};
  return Moved(Smooth(Mirrored(side), /*closed=*/true), shape.outline_dx, 0);
}

}  // namespace makeover
