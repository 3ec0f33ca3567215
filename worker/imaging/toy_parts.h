// The parts of a drawn face, in the order in which they are painted. Each reads the face's
// attributes and draws nothing else's.
#pragma once

#include "worker/imaging/toy_canvas.h"
#include "worker/imaging/toy_cast.h"
#include "worker/imaging/toy_shape.h"

namespace makeover {

struct ToyScene {
  ToyCanvas& canvas;
  const ToyFace& face;
  const ToyShape& shape;

  bool has(ToyAttribute attribute) const { return face.attributes.has(attribute); }
};

// toy_body.cc
void DrawBackdrop(const ToyScene& scene);
void DrawBody(const ToyScene& scene);       // neck, clothes, necklace, necktie
void DrawHead(const ToyScene& scene);       // ears, skin, light and shadow
void DrawSkinSigns(const ToyScene& scene);  // cheeks, wrinkles, blemishes, double chin
void DrawGlasses(const ToyScene& scene);
void DrawEarrings(const ToyScene& scene);

// toy_features.cc
void DrawEyes(const ToyScene& scene);
void DrawBrows(const ToyScene& scene);
void DrawNose(const ToyScene& scene);
void DrawMouth(const ToyScene& scene);

// toy_hair.cc
// The strands of the person's hair, for both of the next two.
cv::Mat HairTexture(const ToyScene& scene);
void DrawBackHair(const ToyScene& scene, const cv::Mat& strands);  // behind the neck
void DrawBeard(const ToyScene& scene);                             // before the mouth
void DrawFrontHair(const ToyScene& scene, const cv::Mat& strands);
void DrawHat(const ToyScene& scene);

}  // namespace makeover
