#include "render/io_shape.h"

#include <ostream>

#include <fmt/format.h>

#include "render/text.h"
#include "render/units.h"

#include "weigh/text.h"

namespace weigh {
namespace {

// Values nest as deeply as a program made them: what is deeper than anyone reads is not followed.
constexpr int kDeepest = 16;

// What an extent is called; without a model, what is unknown has no name.
class Names {
 public:
  Names(const Model* model, bool unicode) : model_(model), unicode_(unicode) {}

  std::string of(Extent extent) const {
    if (extent.is_known()) return fmt::to_string(extent.size());
    if (!model_ || extent.symbol() == kNameless) return "?";
    return of(model_->symbols[extent.symbol()].name);
  }
  std::string of(std::string_view key) const { return printable(key, unicode_); }

 private:
  const Model* model_;
  bool unicode_;
};

std::string text_at(const Names& names, const IOShape& shape, int depth) {
  if (shape.kind == IOShape::Kind::unknown || depth > kDeepest) return "?";
  const bool has_keys = !shape.keys.empty();
  std::string text = has_keys ? "{" : "[";
  auto add = [&](const std::string& part) { text += (text.size() > 1 ? ", " : "") + part; };
  for (const Extent extent : shape.extents) add(names.of(extent));
  for (std::size_t i = 0; i < shape.items.size(); ++i) {
    const std::string key = has_keys ? names.of(shape.keys[i]) + ": " : "";
    add(key + text_at(names, shape.items[i], depth + 1));
  }
  return text + (has_keys ? "}" : "]");
}

std::string text_of(const Names& names, const Shape& shape) {
  return shape.rank_known ? text_at(names, IOShape::tensor(shape.extents), 0) : "?";
}

}  // namespace

std::string io_text(const Model& model, const IOShape& shape, bool unicode) {
  return text_at({&model, unicode}, shape, 0);
}
std::string shape_text(const Model& model, const Tensor& tensor, bool unicode) {
  return text_of({&model, unicode}, shape_of(model, tensor));
}

Shape shape_of(const Model& model, const Tensor& tensor) {
  if (!tensor.rank_known()) return {{}, false};
  return {{model.shape_begin(tensor), model.shape_end(tensor)}};
}

std::string text(const Model& model, Extent extent) { return Names(&model, true).of(extent); }
std::string text(const Model& model, const Shape& shape) { return text_of({&model, true}, shape); }
std::string text(const Model& model, const IOShape& shape) { return io_text(model, shape); }

std::string to_string(const Count& count) { return total_text(count, {.exact = true}); }
std::string to_string(Extent extent) { return Names(nullptr, true).of(extent); }
std::string to_string(const Shape& shape) { return text_of({nullptr, true}, shape); }
std::string to_string(const IOShape& shape) { return text_at({nullptr, true}, shape, 0); }

std::ostream& operator<<(std::ostream& stream, const Count& count) { return stream << to_string(count); }
std::ostream& operator<<(std::ostream& stream, Extent extent) { return stream << to_string(extent); }
std::ostream& operator<<(std::ostream& stream, const Shape& shape) { return stream << to_string(shape); }
std::ostream& operator<<(std::ostream& stream, const IOShape& shape) { return stream << to_string(shape); }

}  // namespace weigh
