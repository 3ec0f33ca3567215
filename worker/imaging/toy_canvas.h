// The surface that a face is drawn on: filled, soft and textured shapes, blended into an enlarged
// picture. Only the toy_*.cc files include this one, which has OpenCV's types.
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>

#include "worker/imaging/picture.h"
#include "worker/imaging/toy_random.h"
#include "worker/imaging/toy_shape.h"

namespace makeover {

// Coordinates are those of toy_shape.h; the pose is applied here. Not thread-safe. All arithmetic
// that reaches a pixel is in integers, so that the result is the same on every machine.
class ToyCanvas {
 public:
  static constexpr int kWidth = 178;
  static constexpr int kHeight = 218;
  // The drawing is this much bigger than the picture, each way; edges are smoothed on top of that.
  static constexpr int kScale = 2;

  explicit ToyCanvas(const ToyPose& pose);

  // `opacity` is 0 to 1; `blur` is the radius (deviation) of a soft edge in pixels of the picture.
  void Fill(const ToyCurve& outline, ToyColour colour, double opacity = 1, double blur = 0);
  // From `top` at the highest point to `bottom` at the lowest.
  void FillGradient(const ToyCurve& outline, ToyColour top, ToyColour bottom);
  // The colour times the texture (128 is neutral), a map of the canvas's size.
  void FillTextured(const ToyCurve& outline, ToyColour colour, const cv::Mat& texture,
                    double opacity = 1, double blur = 0);

  // Until Unclip, nothing is drawn outside of this outline.
  void Clip(const ToyCurve& outline);
  void Unclip() { clip_.release(); }

  // The background: a gradient with a few soft blobs.
  void Backdrop(ToyColour top, ToyColour bottom, ToyRandom& random);

  // A texture map of the canvas's size, all neutral; and a line drawn into one. `level` is 0 to
  // 255, `width` in pixels.
  static cv::Mat NeutralTexture();
  void DrawLine(cv::Mat& map, const ToyCurve& line, double level, double width) const;

  // The picture at its final size, with grain of about `grain` levels; `blur` as above, 0 for none.
  Picture Finish(double grain, double blur, ToyRandom& random) const;

  ToyPoint Place(ToyPoint point) const;  // in pixels of the picture

 private:
  struct Mask {
    cv::Rect rect;
    cv::Mat values;  // CV_8UC1 of the rectangle's size; empty where nothing is to be drawn
  };

  std::vector<cv::Point> Points(const ToyCurve& curve, double scale, cv::Point2d origin) const;
  Mask Render(const ToyCurve& outline, double blur) const;

  ToyPose pose_;
  double cos_;
  double sin_;
  cv::Mat image_;  // CV_8UC3, R, G, B
  cv::Mat clip_;   // CV_8UC1, or empty
};

}  // namespace makeover
