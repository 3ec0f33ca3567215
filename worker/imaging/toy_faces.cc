#include "worker/imaging/toy_faces.h"

#include <cmath>

#include "worker/imaging/toy_parts.h"

namespace makeover {
namespace {

constexpr double kGrain = 2.0;
constexpr double kBlur = 2.6;  // of a picture with Blurry

static_assert(kToyWidth == ToyCanvas::kWidth && kToyHeight == ToyCanvas::kHeight);

void DrawAll(const ToyScene& scene) {
  const cv::Mat strands = HairTexture(scene);
  DrawBackdrop(scene);
  DrawBackHair(scene, strands);
  DrawBody(scene);
  DrawHead(scene);
  DrawSkinSigns(scene);
  DrawNose(scene);
  DrawBeard(scene);
  DrawMouth(scene);
  DrawEyes(scene);
  DrawBrows(scene);
  DrawFrontHair(scene, strands);
  DrawEarrings(scene);
  DrawGlasses(scene);
  DrawHat(scene);
}

}  // namespace

Picture DrawToyFace(const ToyFace& face) {
  const ToyShape shape = ShapeOf(face);
  ToyCanvas canvas(face.pose);
  DrawAll({canvas, face, shape});
  ToyRandom random(face.seed, 5, 0);
  const bool blurry = face.attributes.has(ToyAttribute::kBlurry);
  return canvas.Finish(kGrain, blurry ? kBlur : 0, random);
}

ToyLandmarks LandmarksOf(const ToyFace& face) {
  const ToyShape shape = ShapeOf(face);
  const ToyCanvas canvas(face.pose);
  const double corner_y = kMouthY + shape.corner_y;
  const std::array<ToyPoint, 5> points = {{{-kEyeX, kEyeY},
                                           {kEyeX, kEyeY},
                                           {shape.nose_dx, shape.nose_y},
                                           {shape.mouth_dx - shape.mouth_half, corner_y},
                                           {shape.mouth_dx + shape.mouth_half, corner_y}}};
  ToyLandmarks landmarks{};
  for (size_t i = 0; i < points.size(); ++i) {
    const ToyPoint at = canvas.Place(points[i]);
    landmarks[2 * i] = static_cast<int>(std::lround(at.x));
    landmarks[2 * i + 1] = static_cast<int>(std::lround(at.y));
  }
  return landmarks;
}

}  // namespace makeover
