#include "formats/common/unknown.h"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

#include "formats/common/lfs.h"

#include "weigh/error.h"

namespace weigh {
namespace {

struct Sign {
  std::string_view begins_with;
  std::string_view what;
};

constexpr std::array kSigns = {
    Sign{"\x1f\x8b", "is gzip-compressed; unpack it first"},
    Sign{"\x28\xb5\x2f\xfd", "is zstd-compressed; unpack it first"},
    Sign{"\x93NUMPY", "is one NumPy array, not a model"},
    Sign{"<!DOCTYPE", "is a web page; did a download need a login?"},
    Sign{"<html", "is a web page; did a download need a login?"},
};

bool is_text(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](unsigned char c) { return c >= 0x20 || (c >= '\t' && c <= '\r'); });
}

}  // namespace

void refuse_unknown(Glance& glance) {
  const std::string_view head = glance.head();
  std::string what = "is of no format that is known; 'weigh --formats' lists those that are";
  auto sign =
      std::find_if(kSigns.begin(), kSigns.end(), [&](const Sign& s) { return head.starts_with(s.begins_with); });
  if (const std::optional<std::string> pointer = lfs_pointer_message(head)) {
    what = *pointer;
  } else if (sign != kSigns.end()) {
    what = sign->what;
  } else if (head.empty()) {
    what = "is empty";
  } else if (head[0] == '\x80' && head.size() > 1 && head[1] <= 5) {
    what = "is a plain pickle, not one that torch.save wrote; it was not read";
  } else if (is_text(head)) {
    what = "is text, not a model";
  }
  throw Error(ErrorKind::unsupported, glance.source().label(), what);
}

}  // namespace weigh
