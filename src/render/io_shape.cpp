#include "render/io_shape.h"

#include <fmt/format.h>

#include "render/text.h"

namespace weigh {
namespace {

// Values nest as deeply as a program made them: what is deeper than anyone reads is not followed.
constexpr int kDeepest = 16;

std::string extent_text(const Model& model, Extent extent, bool unicode) {
  if (extent.is_known()) return fmt::to_string(extent.size());
  return extent.symbol() == kNameless ? "?" : printable(model.symbols[extent.symbol()].name, unicode);
}

std::string text_at(const Model& model, const IOShape& shape, bool unicode, int depth) {
  if (shape.kind == IOShape::Kind::unknown || depth > kDeepest) return "?";
  const bool has_keys = !shape.keys.empty();
  std::string text = has_keys ? "{" : "[";
  auto add = [&](const std::string& part) { text += (text.size() > 1 ? ", " : "") + part; };
  for (const Extent extent : shape.extents) add(extent_text(model, extent, unicode));
  for (std::size_t i = 0; i < shape.items.size(); ++i) {
    const std::string key = has_keys ? printable(shape.keys[i], unicode) + ": " : "";
    add(key + text_at(model, shape.items[i], unicode, depth + 1));
  }
  return text + (has_keys ? "}" : "]");
}

}  // namespace

std::string io_text(const Model& model, const IOShape& shape, bool unicode) {
  return text_at(model, shape, unicode, 0);
}

}  // namespace weigh
