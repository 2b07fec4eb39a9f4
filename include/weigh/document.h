// Texts that tell of one model or of several: a page of HTML, a bill of materials.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "weigh/render.h"

namespace weigh {

class Document {
 public:
  virtual ~Document() = default;
  // Does the work for a model, in any thread; what it returns adds the model, and needs the summary no longer.
  virtual std::function<void()> prepare(const Summary& summary) = 0;
  void add(const Summary& summary) { prepare(summary)(); }
  // Ends with a newline.
  virtual std::string text() const = 0;
};

// For RenderFormat::html, cyclonedx and spdx; null for formats whose texts tell of one model each.
std::unique_ptr<Document> document(const RenderOptions& options);

}  // namespace weigh
