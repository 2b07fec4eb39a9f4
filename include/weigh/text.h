// Values of a model as text. What is not known is a `?` where nothing tells its name; with the model, names stand
// there:
//
//   std::cout << weigh::shape_of(model, tensor);                        [8, ?]
//   std::cout << weigh::text(model, weigh::shape_of(model, tensor));    [8, in]
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "weigh/count.h"
#include "weigh/model.h"
#include "weigh/run.h"

namespace weigh {

// Extents, or unknown rank.
struct Shape {
  std::vector<Extent> extents;
  bool rank_known = true;
};

Shape shape_of(const Model& model, const Tensor& tensor);

// "306"; "≥ 50" where that is all that is known of it; "?".
std::string to_string(const Count& count);
// "16", "?"
std::string to_string(Extent extent);
// "[8, 16]", "[8, ?]"; "?" for an unknown rank.
std::string to_string(const Shape& shape);
// "[4, 16]", "[[4, 16], [2, 3]]", "{x: [4, 16]}", "?"
std::string to_string(const IOShape& shape);

std::ostream& operator<<(std::ostream& stream, const Count& count);
std::ostream& operator<<(std::ostream& stream, Extent extent);
std::ostream& operator<<(std::ostream& stream, const Shape& shape);
std::ostream& operator<<(std::ostream& stream, const IOShape& shape);

// With the names that the model has for what is unknown; of counts, weigh/render.h.
std::string text(const Model& model, Extent extent);
std::string text(const Model& model, const Shape& shape);
std::string text(const Model& model, const IOShape& shape);

}  // namespace weigh
