// SPDX-License-Identifier: Apache-2.0
// This file stands for libwebp where a build has none.
#include "io/webp.h"

namespace vitq {

Image decode_webp(const ImageBytes& file, Exif /*exif*/) {
  file.unsupported("a WebP, which this build of vitq does not read");
}

}  // namespace vitq
