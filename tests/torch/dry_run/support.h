// What tests of the dry run share.
#pragma once

#include <string>

#include <torch/torch.h>

#include "weigh/torch/describe.h"

namespace weigh::test {

// "[2, 3]", "[[2, 3], ?]"; "?" where it is unknown.
inline std::string text(const IOShape& shape) {
  if (shape.kind == IOShape::Kind::unknown) return "?";
  std::string result = "[";
  auto add = [&](const std::string& item) { result += (result.size() > 1 ? ", " : "") + item; };
  for (const Extent extent : shape.extents) add(extent.is_known() ? std::to_string(extent.size()) : "?");
  for (const IOShape& item : shape.items) add(text(item));
  return result + "]";
}

// The same of a value that a forward returned.
inline std::string text(const c10::IValue& value) {
  if (value.isTensor()) {
    if (!value.toTensor().defined()) return "?";
    std::string result = "[";
    for (const std::int64_t size : value.toTensor().sizes())
      result += (result.size() > 1 ? ", " : "") + std::to_string(size);
    return result + "]";
  }
  if (!value.isTuple()) return "?";
  std::string result = "[";
  for (const c10::IValue& item : value.toTupleRef().elements()) result += (result.size() > 1 ? ", " : "") + text(item);
  return result + "]";
}

inline Index find(const Model& model, std::string_view path) {
  for (Index i = 0; i < model.modules.size(); ++i)
    if (model.path_of(i) == path) return i;
  return kNone;
}
inline const Run& run(const Model& model, std::string_view path) { return model.runs.at(find(model, path)); }

// "in -> out, calls"
inline std::string line(const Model& model, std::string_view path) {
  const Run& one = run(model, path);
  return text(one.in) + " -> " + text(one.out) + " x" + (one.known_calls() ? std::to_string(*one.known_calls()) : "?");
}

inline std::string notes(const Model& model) {
  std::string result;
  for (const Note& note : model.notes) result += note.code + ": " + note.place + ": " + note.message + "\n";
  return result;
}

template <class Call>
std::string message_of(Call&& call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace weigh::test
