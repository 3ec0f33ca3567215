// A window as the imaging library takes it.
#pragma once

#include "storage/face_window.h"
#include "worker/imaging/geometry.h"

namespace makeover {

inline FaceGeometry GeometryOf(const FaceWindow& window) {
  FaceGeometry geometry;
  geometry.width = window.width;
  geometry.height = window.height;
  if (window.full) {
    geometry.frame_width = geometry.window_width = window.width;
    geometry.frame_height = geometry.window_height = window.height;
    geometry.window_x = geometry.window_y = 0;
    return geometry;
  }
  geometry.frame_width = kFrameWidth;
  geometry.frame_height = kFrameHeight;
  geometry.window_x = window.x;
  geometry.window_y = window.y;
  geometry.window_width = window.window_width;
  geometry.window_height = window.window_height;
  return geometry;
}

}  // namespace makeover
